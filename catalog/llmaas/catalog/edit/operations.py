"""Edits as values: what is to change in a catalogue, on its plain values.

`splicing` makes the same change in the text; the two are compared before anything is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llmaas.catalog.document import Loc


@dataclass(frozen=True)
class Put:
    """Give a key its value, whether it is there already or not.

    An existing value must be a scalar or empty: lists and mappings are changed item by item,
    because comments stand between their items.
    """

    loc: Loc
    value: Any


@dataclass(frozen=True)
class Add:
    """Put an item into a list, at the end or before the item that is at `index` now."""

    loc: Loc
    value: Any
    index: int | None = None


@dataclass(frozen=True)
class Drop:
    """Take an item out of a list."""

    loc: Loc


Operation = Put | Add | Drop


def changed(value: Any, operations: Iterable[Operation]) -> Any:
    """The plain values after the operations, in their order; the given ones stay as they are."""
    for operation in operations:
        value = _at(value, operation.loc, operation)
    return value


def _at(value: Any, loc: Loc, operation: Operation) -> Any:
    if not loc:
        assert isinstance(operation, Add)
        at = len(value) if operation.index is None else operation.index
        return (*value[:at], operation.value, *value[at:])
    step, rest = loc[0], loc[1:]
    if isinstance(value, Mapping):
        if not rest and isinstance(operation, Put):
            return {**value, step: operation.value}
        return {**value, step: _at(value[step], rest, operation)}
    assert isinstance(step, int)
    if not rest and isinstance(operation, Drop):
        return (*value[:step], *value[step + 1 :])
    return (*value[:step], _at(value[step], rest, operation), *value[step + 1 :])
