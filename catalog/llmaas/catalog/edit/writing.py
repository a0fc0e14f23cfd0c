"""Values as YAML, in the style of the catalogue: short things on one line, long ones in a block."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from llmaas.catalog.scalars import NumberOutOfRangeError, resolve_plain

WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./ +()@:'&-]*", re.ASCII)
"""Texts that need no quotes anywhere; letters beyond ASCII get them only where they must."""
_OLD_BOOLEANS = frozenset({"y", "n", "yes", "no", "on", "off"})
"""Texts for this program and booleans for others, so they are quoted."""
_BASE_SIXTY = re.compile(r"[0-9]+(:[0-5]?[0-9])+")
"""Texts for this program, times in seconds for others."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(value: Any) -> str:
    """One value; a text is quoted where YAML would read something else."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case str():
            return value if _needs_no_quotes(value) else _quoted(value)
        case _:
            return str(value)


def flow(value: Any) -> str:
    """A value on one line: `{ id: a, names: [b, c] }`."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}: {flow(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(flow, value))}]"
    return scalar(value)


def entry(key: str, value: Any, indent: int) -> list[str]:
    """The lines of a key and its value in a block mapping that begins at column `indent`."""
    margin = " " * indent
    one_line = f"{margin}{key}: {flow(value)}"
    if not _is_collection(value) or (_is_flat(value) and len(one_line) <= WIDTH):
        return [one_line]
    return [f"{margin}{key}:", *_block(value, indent + 2)]


def item(value: Any, indent: int) -> list[str]:
    """The lines of an item of a block list whose dashes stand at column `indent`."""
    margin = " " * indent
    one_line = f"{margin}- {flow(value)}"
    if not isinstance(value, Mapping) or (_is_flat(value) and len(one_line) <= WIDTH):
        return [one_line]
    first, *others = _block(value, indent + 2)
    return [f"{margin}- {first.lstrip()}", *others]


def _block(value: Any, indent: int) -> list[str]:
    if isinstance(value, Mapping):
        return list(_lines(value, indent))
    return [line for each in value for line in item(each, indent)]


def _lines(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key, each in value.items():
        yield from entry(key, each, indent)


def _is_collection(value: Any) -> bool:
    return isinstance(value, Mapping | tuple | list)


def _is_flat(value: Any) -> bool:
    """Whether it holds nothing but scalars."""
    inner = value.values() if isinstance(value, Mapping) else value
    return not any(_is_collection(each) for each in inner)


def _needs_no_quotes(text: str) -> bool:
    if not _PLAIN.fullmatch(text) or text.casefold() in _OLD_BOOLEANS:
        return False
    if ": " in text or text.endswith((":", " ")) or _BASE_SIXTY.fullmatch(text):
        return False
    try:
        return resolve_plain(text) == text
    except NumberOutOfRangeError:
        return False


def _quoted(text: str) -> str:
    escaped = "".join(
        _ESCAPES.get(letter) or (letter if letter.isprintable() else f"\\U{ord(letter):08x}")
        for letter in text
    )
    return f'"{escaped}"'
