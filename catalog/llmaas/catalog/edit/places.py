"""Where things stand in a text: nodes of the YAML with the offsets of their first and last letter.

libyaml ends a block collection where the next thing begins, after comments and blank lines. Here
each node ends with its own last letter, so that what follows it is nobody's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from llmaas.catalog.document import Loc
from llmaas.catalog.loader import PARSER


@dataclass(frozen=True)
class Place:
    """A value in the text.

    Attributes:
        start: offset of its first letter.
        end: offset after its last letter.
        kind: what it is.
        flow: of collections, whether they stand in brackets.
        column: of block collections, where their keys or dashes stand.
        keys: of mappings, the place of each key.
        inner: of mappings and lists, the place of each value, by key or index.
    """

    start: int
    end: int
    kind: str
    flow: bool = False
    column: int = 0
    keys: dict[str, "Place"] = field(default_factory=dict)
    inner: dict[str | int, "Place"] = field(default_factory=dict)

    def at(self, loc: Loc) -> "Place | None":
        """The place of a value below this one."""
        place: Place | None = self
        for step in loc:
            if place is None:
                return None
            place = place.inner.get(step)
        return place


def places(text: str) -> Place:
    """All places of a catalogue that was read without a problem."""
    return _place(yaml.compose(text, Loader=PARSER), text)


def _place(node: Any, text: str) -> Place:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode):
        if node.style in {"|", ">"}:
            end = start + len(text[start:end].rstrip())
        return Place(start, end, "scalar")
    flow, column = bool(node.flow_style), node.start_mark.column
    if isinstance(node, yaml.MappingNode):
        keys = {key.value: _place(key, text) for key, _ in node.value}
        inner: dict[str | int, Place] = {key.value: _place(each, text) for key, each in node.value}
        kind = "mapping"
    else:
        keys, kind = {}, "list"
        inner = dict(enumerate(_place(each, text) for each in node.value))
    if not flow:
        end = max(each.end for each in (*keys.values(), *inner.values()))
    return Place(start, end, kind, flow, column, keys, inner)


def line_start(text: str, offset: int) -> int:
    """Where the line of an offset begins."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line after the one of an offset begins, or the text ends."""
    for index in range(offset, len(text)):
        if text[index] == "\n" or (text[index] == "\r" and text[index + 1 : index + 2] != "\n"):
            return index + 1
    return len(text)


def after_comments(text: str, offset: int, column: int) -> int:
    """Past the comment lines from a line start on that stand further right than `column`.

    They belong to what stands before them: a comment at the column itself, or left of it, is about
    what follows. Blank lines are passed only where such a comment comes after them.
    """
    passed = offset
    for start, end in _lines(text, offset):
        line = text[start:end]
        stripped = line.strip()
        if stripped.startswith("#") and len(line) - len(line.lstrip(" ")) > column:
            passed = end
        elif stripped:
            break
    return passed


def _lines(text: str, offset: int) -> Iterator[tuple[int, int]]:
    while offset < len(text):
        end = line_end(text, offset)
        yield offset, end
        offset = end
