"""Families that write a call as JSON: alone, in a list, or with the name before it."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from llmaas.workers.tool_calls.extent import JsonExtent
from llmaas.workers.tool_calls.reading import CallReader, Output


@dataclass(frozen=True)
class JsonSyntax:
    """How a family marks its calls."""

    openings: tuple[str, ...]
    closing: str = ""
    """May follow a call; it is not waited for in vain."""
    lists: bool = False
    """Calls may be in a JSON list."""
    named: bool = False
    """`name[ARGS]{…}` as well as JSON."""
    bare: bool = False
    """A call may be all there is, without any marker."""


_BEGINNING = re.compile(
    r'\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"(?:arguments|parameters)"\s*:\s*(?=\{)'
)
_NAMED = re.compile(r"([\w.\-]+)\s*(?:\[CALL_ID\][^\[\]{}]*)?(?:\[ARGS\])?\s*(?=\{)")
_MAY_BE_NAMED = re.compile(r"[\w.\-]{1,128}\s*(?:\[[^{}]{0,128})?")


class JsonCalls(CallReader):
    """Reads calls as JSON.

    Args:
        syntax: of the family.
        names: of the functions that were offered; JSON without a marker is a call only if it names
            one of them.
        parallel: whether more than one call is read.
    """

    def __init__(self, syntax: JsonSyntax, *, names: Collection[str], parallel: bool) -> None:
        super().__init__(syntax.openings, bare=syntax.bare, parallel=parallel)
        self._syntax = syntax
        self._names = names
        self._in_list = False
        self._enclosed = False
        self._extent = JsonExtent()
        self._scanned = 0

    def _head(self, out: Output, final: bool) -> bool:
        text = self._held.lstrip()
        if not text:
            return final and self._no_call(out)
        self._raw += self._held[: len(self._held) - len(text)]
        self._held = text
        if text[0] == "{":
            return self._object(out, final)
        if text[0] == "[" and self._syntax.lists and not self._in_list:
            self._raw, self._held, self._in_list = self._raw + "[", text[1:], True
            return True
        if self._syntax.named and not self._in_list:
            return self._named(out, final)
        return self._no_call(out)

    def _object(self, out: Output, final: bool) -> bool:
        begun = _BEGINNING.match(self._held)
        if begun is not None:
            self._scanned, self._extent = 0, JsonExtent()
            name = _text_of(begun[1])
            if name is None or not self._may_call(name):
                return self._no_call(out)
            self._begin(out, name, begun.end(), enclosed=True)
            return True
        end = self._extent.feed(self._held[self._scanned :])
        if end is None:
            self._scanned = len(self._held)
            return final and self._no_call(out)
        end += self._scanned
        self._scanned, self._extent = 0, JsonExtent()
        call = _call_in(self._held[:end])
        if call is None or not self._may_call(call[0]):
            return self._no_call(out)
        self._held = self._held[end:]
        self._announce(out, call[0])
        self._argue(out, call[1])
        self._step = self._after
        return True

    def _named(self, out: Output, final: bool) -> bool:
        begun = _NAMED.match(self._held)
        if begun is not None:
            self._begin(out, begun[1], begun.end(), enclosed=False)
            return True
        if final or _MAY_BE_NAMED.fullmatch(self._held) is None:
            return self._no_call(out)
        return False

    def _begin(self, out: Output, name: str, end: int, *, enclosed: bool) -> None:
        self._announce(out, name)
        self._held = self._held[end:]
        self._enclosed = enclosed
        self._step = self._arguments

    def _no_call(self, out: Output) -> bool:
        self._in_list = False
        self._scanned, self._extent = 0, JsonExtent()
        return super()._no_call(out)

    def _arguments(self, out: Output, final: bool) -> bool:
        del final
        end = self._extent.feed(self._held)
        self._argue(out, self._held[:end])
        if end is None:
            self._held = ""
            return False
        self._held, self._extent = self._held[end:], JsonExtent()
        self._step = self._rest if self._enclosed else self._after
        return True

    def _rest(self, out: Output, final: bool) -> bool:
        """What an object has after the arguments, up to its end."""
        text = self._held.lstrip()
        if not text:
            return False
        self._step = self._after
        if text[0] == "}":
            self._held = text[1:]
        elif text[0] == ",":
            end = JsonExtent(depth=1).feed(text)
            if end is not None:
                self._held = text[end:]
            elif not final:
                self._step = self._rest
                return False
        return True

    def _after(  # noqa: PLR0911 - one return for each thing that may follow
        self, out: Output, final: bool
    ) -> bool:
        """Behind a call: another one, or what closes it."""
        del out
        if not self._parallel:
            return self._over()
        text, closing = self._held.lstrip(), self._syntax.closing
        if not text:
            return False
        if self._in_list and text[0] in ",]":
            self._held = text[1:]
            self._in_list = text[0] == ","
            if self._in_list:
                self._raw, self._step = ",", self._head
            return True
        self._in_list = False
        if closing and text.startswith(closing):
            self._held = text.removeprefix(closing)
            return self._over()
        if closing.startswith(text) and not final:
            return False
        if self._syntax.bare and text[0] in ";{":
            self._raw = ";" if text[0] == ";" else ""
            self._held, self._step = text.removeprefix(";"), self._head
            return True
        return self._over()

    def _may_call(self, name: str) -> bool:
        return not self._syntax.bare or name in self._names


def _text_of(literal: str) -> str | None:
    try:
        text = json.loads(literal)
    except ValueError:
        return None
    return str(text)


def _call_in(text: str) -> tuple[str, str] | None:
    """Name and arguments of a call in any order of keys."""
    try:
        call: Any = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None
    if not isinstance(call, dict):
        return None
    call = call.get("function") if isinstance(call.get("function"), dict) else call
    name, arguments = call.get("name"), call.get("arguments", call.get("parameters", {}))
    if not isinstance(name, str) or not name:
        return None
    if isinstance(arguments, str):
        return name, arguments
    if isinstance(arguments, dict):
        return name, json.dumps(arguments, ensure_ascii=False)
    return None


def _no_json(constant: str) -> None:
    raise ValueError(constant)
