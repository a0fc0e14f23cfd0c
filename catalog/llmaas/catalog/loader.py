"""Reads a catalogue file: bytes → values with positions, or problems; nothing is raised.

The values are composed from libyaml's events, which are quick and carry a line and a column.
What the events leave open is decided here: plain scalars follow YAML 1.2 (`scalars`), lists become
tuples, and what makes a file mean something else than it seems to (duplicate and merge keys,
anchors, tags) is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from llmaas.catalog.diagnostics import Problem
from llmaas.catalog.document import START, Document, Loc, Position
from llmaas.catalog.scalars import NumberOutOfRangeError, resolve_plain
from llmaas.catalog.syntax import explain_syntax

PARSER: Any = getattr(yaml, "CLoader", yaml.Loader)
"""libyaml's parser; the pure-Python one, some twenty times slower, where libyaml is absent."""

DEEPEST = 32
"""Nesting beyond which a file is refused; the catalogue itself needs seven levels."""

_UNPRINTABLE = re.compile(
    "[^\\t\\n\\r\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd"
    "\\U00010000-\\U0010ffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def load(content: bytes, path: str) -> Document:
    """Read YAML.

    Args:
        content: the bytes of the file.
        path: the file's name, as problems should print it.
    """
    reading = _Reading(path)
    value: object = None
    try:
        text = _decode(content, reading)
        value = _document(yaml.parse(text, Loader=PARSER), reading)
    except yaml.MarkedYAMLError as error:
        position, message, remedy = explain_syntax(error)
        reading.report(position, "syntax", message, remedy)
    except _Unreadable:
        pass
    return Document(value, reading.values, reading.keys, tuple(reading.problems))


class _Unreadable(Exception):  # noqa: N818 - never leaves this module; its problem is reported already
    """Nothing after this place can be read."""


@dataclass
class _Reading:
    path: str
    values: dict[Loc, Position] = field(default_factory=dict)
    keys: dict[Loc, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, position: Position, code: str, message: str, remedy: str) -> None:
        self.problems.append(
            Problem(self.path, position.line, position.column, code, message, remedy)
        )

    def stop(self, position: Position, code: str, message: str, remedy: str) -> _Unreadable:
        self.report(position, code, message, remedy)
        return _Unreadable()


def _decode(content: bytes, reading: _Reading) -> str:
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        raise reading.stop(
            _end_of(before),
            "bad-encoding",
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            "save the file as UTF-8",
        ) from error
    if found := _UNPRINTABLE.search(text):
        raise reading.stop(
            _end_of(text[: found.start()]),
            "bad-character",
            f"character U+{ord(found[0]):04X} cannot stand in a YAML file",
            f'remove it, or write it as "\\U{ord(found[0]):08X}" between double quotes',
        )
    return text


def _end_of(text: str) -> Position:
    return Position(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _document(events: Iterator[Any], reading: _Reading) -> object:
    next(events)  # StreamStartEvent
    first = next(events)
    if isinstance(first, yaml.StreamEndEvent):
        raise reading.stop(
            START,
            "empty-file",
            "the file holds no catalogue",
            "`llmaas init` writes one to start from",
        )
    value = _value(next(events), events, (), reading)
    next(events)  # DocumentEndEvent
    following = next(events)
    if not isinstance(following, yaml.StreamEndEvent):
        reading.report(
            _start(following),
            "several-documents",
            "a second document begins here",
            "keep one catalogue in one file: remove the `---` line",
        )
    return value


def _value(event: Any, events: Iterator[Any], loc: Loc, reading: _Reading) -> object:
    reading.values[loc] = _start(event)
    if event.anchor is not None:
        _refuse_anchor(event, reading)
    if isinstance(event, yaml.AliasEvent):
        return None
    if event.tag is not None:
        _refuse_tag(event, reading)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, reading)
    if len(loc) >= DEEPEST:
        raise reading.stop(
            _start(event),
            "nested-too-deep",
            f"more than {DEEPEST} levels of nesting",
            "close the brackets that were opened, or check the indentation above",
        )
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(events, loc, reading)
    return _mapping(events, loc, reading)


def _sequence(events: Iterator[Any], loc: Loc, reading: _Reading) -> tuple[object, ...]:
    items: list[object] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        items.append(_value(event, events, (*loc, len(items)), reading))
    return tuple(items)


def _mapping(events: Iterator[Any], loc: Loc, reading: _Reading) -> dict[str, object]:
    entries: dict[str, object] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        position = _start(event)
        key = _key(event, events, loc, reading)
        if key is None:
            _skip(next(events), events, loc, reading)
        elif key in entries:
            reading.report(
                position,
                "duplicate-key",
                f"`{key}` is given a second time",
                f"the first is at line {reading.keys[*loc, key].line}; keep one of them",
            )
            _skip(next(events), events, loc, reading)
        else:
            reading.keys[*loc, key] = position
            entries[key] = _value(next(events), events, (*loc, key), reading)
    return entries


def _key(event: Any, events: Iterator[Any], loc: Loc, reading: _Reading) -> str | None:
    """The text of a key, or `None` where it cannot be one (reported)."""
    found = "a list or a mapping"
    if event.anchor is not None:
        _refuse_anchor(event, reading)
    if isinstance(event, yaml.AliasEvent):
        return None
    if isinstance(event, yaml.ScalarEvent):
        if event.tag is not None:
            _refuse_tag(event, reading)
        if event.value == "<<" and not event.style:
            reading.report(
                _start(event),
                "merge-key",
                "merge keys (`<<`) are not read",
                "write the keys out, so that each value stands where it is used",
            )
            return None
        if isinstance(_scalar(event, reading), str):
            return str(event.value)
        found = f"`{event.value}`" if event.value else "nothing"
    reading.report(
        _start(event),
        "non-text-key",
        f"a key must be a text, found {found}",
        "put the key in quotes, or check the indentation",
    )
    if not isinstance(event, yaml.ScalarEvent):
        _skip(event, events, loc, reading)
    return None


def _skip(event: Any, events: Iterator[Any], loc: Loc, reading: _Reading) -> None:
    """Read over a value that has no place; its own problems would only repeat the reason."""
    _value(event, events, (*loc, "?"), _Reading(reading.path))


def _scalar(event: Any, reading: _Reading) -> object:
    if not event.style:
        return _plain(event, reading)
    if _SURROGATE.search(event.value):  # libyaml refuses the escape, the pure parser does not
        reading.report(
            _start(event),
            "bad-character",
            "an escape gives half a character",
            'write the whole character, or its escape of eight digits: "\\U0001F642"',
        )
    return event.value


def _plain(event: Any, reading: _Reading) -> object:
    try:
        return resolve_plain(event.value)
    except NumberOutOfRangeError as error:
        reading.report(
            _start(event),
            "number-out-of-range",
            "this number cannot be kept exactly",
            f"{error}; put it in quotes if it is meant as a text",
        )
        return 0


def _refuse_anchor(event: Any, reading: _Reading) -> None:
    sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
    reading.report(
        _start(event),
        "anchor",
        f"anchors and aliases are not read, found `{sign}{event.anchor}`",
        f"write the value out; put a text that begins with `{sign}` in quotes",
    )


def _refuse_tag(event: Any, reading: _Reading) -> None:
    reading.report(
        _start(event),
        "tag",
        f"the tag `{event.tag.replace('tag:yaml.org,2002:', '!!')}` is not read",
        "remove the tag; put a value in quotes to make it a text",
    )


def _start(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)
