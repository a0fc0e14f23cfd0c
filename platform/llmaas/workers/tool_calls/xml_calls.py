"""The family that writes a call as tags: `<function=name><parameter=key>value</parameter>…`."""

import json
import re
from collections.abc import Mapping
from typing import Any

from llmaas.workers.schema_keywords import SchemaError
from llmaas.workers.schema_rules import SchemaRules
from llmaas.workers.tool_calls.reading import CallReader, Output
from llmaas.workers.tool_calls.tagged_rules import kind_of, kinds_of

OPEN, CLOSE = "<tool_call>", "</tool_call>"
_FUNCTION = "<function="
_FUNCTION_END = "</function>"
_PARAMETER = "<parameter="
_PARAMETER_END = "</parameter>"
_NUMBERS = frozenset({"integer", "number"})
_NAME = re.compile(r"<function=([^<>\n]+)>")
_MAY_BE_NAME = re.compile(r"<function=[^<>\n]{0,256}")
_VALUE = re.compile(r"<parameter=([^<>\n]+)>\n?(.*?)\n?</parameter>", re.DOTALL)


class XmlCalls(CallReader):
    """Reads calls as tags.

    Args:
        schemas: parameters of every function that was offered: they say which values are texts.
        parallel: whether more than one call is read.
    """

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]], *, parallel: bool) -> None:
        # The outer tag is at times forgotten, even by the models themselves.
        super().__init__((OPEN, _FUNCTION), bare=False, parallel=parallel)
        self._schemas = schemas
        self._name = ""
        self._parameters = 0

    def _head(self, out: Output, final: bool) -> bool:
        if self._raw.endswith(_FUNCTION):
            self._raw = self._raw.removesuffix(_FUNCTION)
            self._held = _FUNCTION + self._held
        text = self._held.lstrip()
        begun = _NAME.match(text)
        if begun is not None:
            self._name, self._parameters = begun[1].strip(), 0
            self._announce(out, self._name)
            self._held = text[begun.end() :]
            self._step = self._body
            return True
        if not final and (_FUNCTION.startswith(text) or _MAY_BE_NAME.fullmatch(text)):
            return False
        # The tag itself is said too, or it would be taken for an opening again.
        tag = _FUNCTION if text.startswith(_FUNCTION) else ""
        self._raw += self._held[: len(self._held) - len(text)] + tag
        self._held = text.removeprefix(tag)
        return self._no_call(out)

    def _body(self, out: Output, final: bool) -> bool:
        text = self._held.lstrip()
        # A long value is looked through once it is complete, not with every token of it.
        value = _VALUE.match(text) if _PARAMETER_END in text else None
        if value is not None:
            key = json.dumps(value[1].strip(), ensure_ascii=False)
            joint = ", " if self._parameters else "{"
            self._parameters += 1
            self._argue(out, f"{joint}{key}: {self._json(value[1].strip(), value[2])}")
            self._held = text[value.end() :]
            return True
        if text.startswith(_FUNCTION_END):
            self._held = text.removeprefix(_FUNCTION_END)
        elif not final and (
            text.startswith(_PARAMETER)
            or _PARAMETER.startswith(text)
            or _FUNCTION_END.startswith(text)
        ):
            return False
        self._argue(out, "}" if self._parameters else "{}")
        self._step = self._after
        return True

    def _after(self, out: Output, final: bool) -> bool:
        del out
        text = self._held.lstrip()
        if self._parallel and not final and CLOSE.startswith(text) and text != CLOSE:
            return False
        if text.startswith(CLOSE):
            self._held = text.removeprefix(CLOSE)
        return self._over()

    def _json(self, key: str, value: str) -> str:
        """A value as JSON; what the schema wants to be text stays text, `12` and `true` as well."""
        kinds = self._kinds(key)
        if kinds != {"string"}:
            try:
                parsed = json.loads(value, parse_constant=_no_json)
            except (ValueError, RecursionError):
                pass
            else:
                kind = kind_of(parsed)
                if not kinds or kind in kinds or (kind in _NUMBERS and kinds & _NUMBERS):
                    return json.dumps(parsed, ensure_ascii=False)
        return json.dumps(value, ensure_ascii=False)

    def _kinds(self, key: str) -> frozenset[str]:
        schema = self._schemas.get(self._name, {})
        rules = SchemaRules(schema, {}, "")
        try:
            properties = rules.resolved(schema, "#").get("properties", {})
            return kinds_of(properties.get(key, {}), rules, "#")
        except (SchemaError, AttributeError, TypeError, RecursionError):
            return frozenset()  # a schema nobody can follow says nothing


def _no_json(constant: str) -> None:
    raise ValueError(constant)
