"""Files of other programs: read loosely, because their shape is theirs."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from llmaas.catalog.imports.report import ImportRefusedError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(content: bytes) -> Mapping[str, Any]:
    """A YAML file that is a mapping.

    Raises:
        ImportRefusedError: it is not.
    """
    try:
        value = yaml.load(content, Loader=_LOADER)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ImportRefusedError(f"it is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(value, Mapping):
        raise ImportRefusedError("it is no mapping of keys to values")
    return {str(key): each for key, each in value.items()}


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or an empty one where there is none."""
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def entries(value: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The mappings of a list; whatever else it holds has no meaning there."""
    listed = value.get(key)
    if not isinstance(listed, list):
        return []
    return [mapping(each) for each in listed if isinstance(each, Mapping)]


def whole_number(value: Any) -> int | None:
    """A number above 0, `None` for anything else."""
    number = decimal_number(value)
    # Compared first: the digits of what is beyond would fill the memory.
    if number is None or number >= 2**53 or number != int(number):
        return None
    return int(number)


def decimal_number(value: Any) -> Decimal | None:
    """A number above 0 with the digits it was written in, `None` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None
