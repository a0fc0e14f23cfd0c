"""Edits in the text itself: the letters of a change and no other are written.

A round trip through a YAML emitter keeps comments, but writes every line anew in a style of its
own. Here a value is found by its place and replaced, inserted or cut out where it stands.
"""

import re
from collections.abc import Iterable

from llmaas.catalog.document import Loc
from llmaas.catalog.edit.operations import Add, Drop, Operation, Put
from llmaas.catalog.edit.order import keys_in_order
from llmaas.catalog.edit.places import Place, after_comments, line_end, line_start, places
from llmaas.catalog.edit.writing import entry, flow, item, scalar

LONG_ITEM_LINES = 4
"""Items from this length on are set apart by a blank line where their list has none to imitate."""


class NotEditableError(Exception):
    """The text is written in a way in which this edit cannot be made; the message says which."""


def spliced(text: str, operations: Iterable[Operation]) -> str:
    """The text after the operations, in their order.

    Args:
        text: a catalogue that was read without a problem.
        operations: on the places of its values.

    Raises:
        NotEditableError: a value is not there, or is no scalar where one is replaced.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    newline = "\r\n" if "\r\n" in text else "\n"
    for operation in operations:
        root = places(text)
        match operation:
            case Put():
                start, end, new = _put(text, root, operation, newline)
            case Add():
                start, end, new = _add(text, root, operation, newline)
            case Drop():
                start, end, new = _drop(text, root, operation)
        text = text[:start] + new + text[end:]
    return mark + text


Splice = tuple[int, int, str]
"""From one offset to another, the letters that stand there afterwards."""


def _put(text: str, root: Place, operation: Put, newline: str) -> Splice:
    loc = operation.loc
    place = root.at(loc)
    if place is not None:
        if place.kind == "scalar":
            return _replaced(text, place, scalar(operation.value))
        if text[place.start : place.end] in {"[]", "{}"}:
            return place.start, place.end, flow(operation.value)
        raise NotEditableError(f"`{_named(loc)}` is a {place.kind}, which is edited by hand")
    mapping, key = _found(root, loc[:-1]), str(loc[-1])
    if mapping.kind != "mapping":
        raise NotEditableError(f"`{_named(loc[:-1])}` is no mapping")
    before = _key_before(mapping, loc)
    if mapping.flow:
        return _put_in_flow(text, mapping, before, f"{key}: {flow(operation.value)}")
    lines = entry(key, operation.value, mapping.column)
    if before is None:  # the first key stands on the line of a dash, or begins its own
        margin = " " * mapping.column
        new = newline.join(lines).lstrip() + newline + margin
        return mapping.start, mapping.start, new
    return _after(text, mapping.inner[before].end, mapping.column, lines, newline)


def _replaced(text: str, place: Place, new: str) -> Splice:
    if place.start == place.end and text[place.start - 1 : place.start] == ":":
        new = f" {new}"  # a key that had no value
    return place.start, place.end, new


def _key_before(mapping: Place, loc: Loc) -> str | None:
    """The key after which a new one stands, in the order of the schema."""
    order = keys_in_order(loc[:-1])
    earlier = order[: order.index(str(loc[-1]))] if loc[-1] in order else order
    present = [key for key in mapping.keys if key in earlier]
    return max(present, key=lambda key: mapping.keys[key].start, default=None)


def _put_in_flow(text: str, mapping: Place, before: str | None, new: str) -> Splice:
    if before is not None:
        end = mapping.inner[before].end
        return end, end, f", {new}"
    if mapping.keys:
        first = min(place.start for place in mapping.keys.values())
        return first, first, f"{new}, "
    return mapping.start, mapping.end, f"{{ {new} }}"


def _add(text: str, root: Place, operation: Add, newline: str) -> Splice:
    items = root.at(operation.loc)
    if items is None or items.kind != "list":
        raise NotEditableError(f"`{_named(operation.loc)}` is no list")
    index = len(items.inner) if operation.index is None else operation.index
    if items.flow:
        return _add_in_flow(items, index, flow(operation.value))
    lines = item(operation.value, items.column)
    if index == 0:
        new = newline.join(lines).lstrip() + newline
        new += _gap(text, items, lines, newline) + " " * items.column
        return items.start, items.start, new
    if gap := _gap(text, items, lines, newline):
        lines = [gap.removesuffix(newline), *lines]
    return _after(text, items.inner[index - 1].end, items.column, lines, newline)


def _add_in_flow(items: Place, index: int, new: str) -> Splice:
    if not items.inner:
        return items.start, items.end, f"[{new}]"
    if index == 0:
        return items.inner[0].start, items.inner[0].start, f"{new}, "
    end = items.inner[index - 1].end
    return end, end, f", {new}"


def _gap(text: str, items: Place, lines: list[str], newline: str) -> str:
    """A blank line, where the items of the list are set apart by one."""
    if len(items.inner) > 1:
        between = text[items.inner[0].end : items.inner[1].start]
        apart = re.search(r"(\r\n|\n|\r)[ \t]*(\r\n|\n|\r)", between) is not None
    else:
        apart = len(lines) >= LONG_ITEM_LINES
    return newline if apart else ""


def _after(text: str, end: int, column: int, lines: list[str], newline: str) -> Splice:
    """New lines after what ends at `end`, past the comments that belong to it."""
    new = newline.join(lines) + newline
    here = after_comments(text, line_end(text, end), column)
    if here == len(text) and not text.endswith(("\n", "\r")):
        return here, here, newline + new.removesuffix(newline)
    return here, here, new


def _drop(text: str, root: Place, operation: Drop) -> Splice:
    loc, index = operation.loc, operation.loc[-1]
    items = root.at(loc[:-1])
    if items is None or items.kind != "list" or index not in items.inner:
        raise NotEditableError(f"`{_named(loc)}` is not there")
    assert isinstance(index, int)
    if len(items.inner) == 1:
        raise NotEditableError(f"`{_named(loc)}` is the only item of its list")
    place = items.inner[index]
    if items.flow:
        if index == 0:
            return place.start, items.inner[1].start, ""
        return items.inner[index - 1].end, place.end, ""
    start = line_start(text, text.rindex("-", 0, place.start))
    end = after_comments(text, line_end(text, place.end), items.column)
    if index == 0 and start < items.start - items.column:
        raise NotEditableError(f"`{_named(loc)}` begins on the line of another value")
    following = line_end(text, end)
    if end == len(text):
        while start and _blank_before(text, start):
            start = line_start(text, start - 1)  # nothing follows that it would set apart
    elif not text[end:following].strip() and _blank_before(text, start):
        end = following  # of the two blank lines around it, one goes
    return start, end, ""


def _blank_before(text: str, start: int) -> bool:
    return start == 0 or not text[line_start(text, start - 1) : start].strip()


def _found(root: Place, loc: Loc) -> Place:
    place = root.at(loc)
    if place is None:
        raise NotEditableError(f"`{_named(loc)}` is not there")
    return place


def _named(loc: Loc) -> str:
    return ".".join(map(str, loc))
