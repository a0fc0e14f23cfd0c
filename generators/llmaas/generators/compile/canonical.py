"""One way to write each fact, so that a table changes only when a fact does."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar, get_args

T = TypeVar("T", bound=str)


def in_declared_order(values: Iterable[T], literal: Any) -> tuple[T, ...]:
    """A set of keys in the order in which the `Literal` type declares them, each once.

    For lists whose order the author did not mean: capabilities, modalities, endpoints.
    """
    return tuple(sorted(set(values), key=get_args(literal).index))


def canonical_decimal(number: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent: `0.90` is `0.9`, `1E+2` is `100`."""
    return Decimal(f"{number.normalize():f}")
