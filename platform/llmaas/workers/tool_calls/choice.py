"""What binds an answer that may, or has to, call functions: rules of the whole of it.

A call that has to be made (`tool_choice`) is bound from the first token, to the functions' schemas.
One that the model decides to make is bound once it has begun (`triggers`): its name is that of an
offered function, its arguments are JSON, and fit the schema of a function that is `strict`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.protocol import Grammar
from llmaas.workers.schema_keywords import SchemaError, quoted
from llmaas.workers.schema_rules import BASE, SchemaRules, rule_text, schema_rules
from llmaas.workers.tool_calls import deepseek_calls as deepseek
from llmaas.workers.tool_calls.tagged_rules import FREE_TEXT, TAG_RULES, value_rule
from llmaas.workers.tool_calls.triggers import trigger
from llmaas.workers.tool_calls.xml_calls import CLOSE, OPEN

FREE: Mapping[str, Any] = {"type": "object"}
_AS_JSON = '"{}"'
_PREFIX = "llmaas-call-"
_ANSWER = "llmaas-answer"
_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|\{[\d,]*\}|(?P<name>[A-Za-z][\w-]*)', re.DOTALL
)
"""Of rules: a literal, a class, a count, the name of a rule."""


def call_grammar(format_: ToolCallFormat, functions: Sequence[Mapping[str, Any]]) -> Grammar:
    """One call of one of `functions`, with arguments that fit its parameters.

    Raises:
        SchemaError: the parameters use what rules cannot express; the message names the function.
    """
    bound = _Calls(format_, [(f["name"], f.get("parameters") or FREE) for f in functions])
    return Grammar(gbnf=bound.rules(bound.forced()))


def begun_call_grammar(
    format_: ToolCallFormat, functions: Sequence[Mapping[str, Any]], *, parallel: bool
) -> Grammar:
    """Binds the rest of an answer once a call has begun in it.

    Raises:
        SchemaError: the parameters of a `strict` function use what rules cannot express.
    """
    bound = _chosen(format_, functions)
    names = [str(function["name"]) for function in functions]
    rules = bound.rules(bound.chosen(parallel=parallel))
    return Grammar(gbnf=rules, triggers=[trigger(format_, names)])


def call_or_content_grammar(
    format_: ToolCallFormat,
    functions: Sequence[Mapping[str, Any]],
    content: Grammar,
    *,
    parallel: bool,
) -> Grammar:
    """Calls, or content in the form that was asked for.

    Raises:
        SchemaError: as above, or of the content's schema.
    """
    bound = _chosen(format_, functions)
    calls = _renamed(bound.rules(bound.chosen(parallel=parallel)))
    if content.gbnf is not None:
        rules = content.gbnf
    else:
        rules = schema_rules(True if content.json_schema is None else content.json_schema)
    answer = f"{_ANSWER} ::= root | {_PREFIX}root"
    return Grammar(gbnf=f"{rules}\n{calls}\n{answer}", root=_ANSWER)


def _chosen(format_: ToolCallFormat, functions: Sequence[Mapping[str, Any]]) -> "_Calls":
    return _Calls(
        format_,
        [
            (f["name"], (f.get("parameters") or FREE) if f.get("strict") else FREE)
            for f in functions
        ],
    )


def _renamed(rules: str) -> str:
    """Our rules beside those of a caller, whatever he calls his."""

    def renamed(token: re.Match[str]) -> str:
        return token[0] if token["name"] is None else _PREFIX + token["name"]

    return _TOKEN.sub(renamed, rules)


@dataclass(frozen=True)
class _Function:
    """One function, or several that take the same."""

    names: tuple[str, ...]
    arguments: str
    """What they may be, as part of a rule."""

    def name(self, around: str = "{}") -> str:
        """The name, or any of them, in a text."""
        return f"({' | '.join(quoted(around.format(name)) for name in self.names)})"


class _Calls:
    """Rules of the calls of one family."""

    def __init__(self, format_: ToolCallFormat, functions: Sequence[tuple[str, Any]]) -> None:
        self._format = format_
        self._rules: dict[str, str] = {**BASE, "gap": "[ \\t\\n]{0,8}"}
        if format_ == "qwen3_coder":
            self._rules |= TAG_RULES
        by_arguments: dict[str, list[str]] = {}
        for number, (name, parameters) in enumerate(functions):
            arguments = self._arguments(f"f{number}", name, parameters)
            by_arguments.setdefault(arguments, []).append(name)
        self._functions = [_Function(tuple(names), rule) for rule, names in by_arguments.items()]

    def rules(self, root: str) -> str:
        return rule_text({**self._rules, "root": root})

    def _arguments(self, rule: str, name: str, parameters: Any) -> str:
        schema = SchemaRules(parameters, self._rules, rule)
        try:
            if self._format == "qwen3_coder":
                return self._tags(schema, schema.resolved(parameters, "#"), rule)
            return "object" if parameters == FREE else schema.whole()
        except SchemaError as error:
            raise SchemaError(f"tools: parameters of {name}: {error}") from error

    def forced(self) -> str:  # noqa: PLR0911 - one return for each family
        """One call, as the family writes it."""
        match self._format:
            case "hermes":
                return f"{quoted(OPEN)} gap {self._objects()} gap {quoted(CLOSE)}"
            case "llama3_json":
                return self._objects(key="parameters")
            case "mistral":
                return f'"[TOOL_CALLS][" {self._objects()} "]"'
            case "mistral_args":
                return f'"[TOOL_CALLS]" ({self._named(quoted("[ARGS]"))})'
            case "granite":
                return f'"<|tool_call|>[" {self._objects()} "]"'
            case "qwen3_coder":
                return f"{quoted(OPEN)} gap ({self._tagged()}) gap {quoted(CLOSE)}"
            case "deepseek":
                return f"{quoted(deepseek.CALLS)} ({self._blocks()}) {quoted(deepseek.CALLS_END)}"
            case _:
                return self._objects()

    def chosen(  # noqa: PLR0911 - one return for each family
        self, *, parallel: bool
    ) -> str:
        """Calls, as generously as they are read."""

        def several(call: str, between: str = "gap") -> str:
            self._rules["call"] = call
            return f"call ({between} call)*" if parallel else "call"

        match self._format:
            case "hermes":
                call = f"{quoted(OPEN)} gap {self._objects(either=True)} gap {quoted(CLOSE)}"
                return several(call)
            case "llama3_json":
                calls = several(self._objects(key="parameters", either=True), '";" gap')
                return f'("<|python_tag|>" gap)? {calls}'
            case "mistral" | "mistral_args":
                tail = 'ws ("," ws "\\"id\\"" ws ":" ws string ws)?'
                listed = several(self._objects(either=True, tail=tail), 'ws "," ws')
                self._rules["list"] = f'"[" ws {listed} ws "]"'
                mark = '("[CALL_ID]" [A-Za-z0-9]{1,64})? "[ARGS]"?'
                self._rules["named"] = self._named(mark)
                more = ' ("[TOOL_CALLS]" named)*' if parallel else ""
                return f'"[TOOL_CALLS]" gap (list | named{more})'
            case "granite":
                calls = several(self._objects(either=True), 'ws "," ws')
                opening = f'("<|tool_call|>" | {quoted(OPEN)}) gap'
                return f'{opening} ("[" ws {calls} ws "]" | call) (gap {quoted(CLOSE)})?'
            case "qwen3_coder":
                opening, closing = f"({quoted(OPEN)} gap)?", f"(gap {quoted(CLOSE)})?"
                return several(f"{opening} ({self._tagged()}) {closing}")
            case "deepseek":
                calls = several(self._blocks(either=True))
                return f"({quoted(deepseek.CALLS)} gap)? {calls} {quoted(deepseek.CALLS_END)}?"
            case _:
                calls = several(self._objects(either=True), '";"? gap')
                return f'("```json" gap)? {calls} (gap "```")?'

    def _objects(self, *, key: str = "arguments", either: bool = False, tail: str = "ws") -> str:
        """`{"name": …, "arguments": …}`, or the other way round as well."""
        colon, quoted_key = 'ws ":" ws', quoted(json.dumps(key))
        ways = []
        for each in self._functions:
            named = f'"\\"name\\"" {colon} {each.name(_AS_JSON)}'
            given = f"{quoted_key} {colon} {each.arguments}"
            ways.append(f'"{{" ws {named} ws "," ws {given} {tail} "}}"')
            if either:
                ways.append(f'"{{" ws {given} ws "," ws {named} {tail} "}}"')
        return f"({' | '.join(ways)})"

    def _named(self, mark: str) -> str:
        return " | ".join(f"{f.name()} {mark} {f.arguments}" for f in self._functions)

    def _blocks(self, *, either: bool = False) -> str:
        start, end = quoted(deepseek.CALL), quoted(deepseek.CALL_END)
        separator = quoted(deepseek.SEPARATOR)
        ways = []
        for each in self._functions:
            name = each.name()
            block = f'"\\n```json\\n" {each.arguments} gap "```"'
            ways.append(f'{start} "function" {separator} {name} {block} {end}')
            if either:
                ways.append(f"{start} {name} {separator} gap {each.arguments} gap {end}")
        return " | ".join(ways)

    def _tagged(self) -> str:
        return " | ".join(
            f"{f.name('<function={}>')} {f.arguments} gap {quoted('</function>')}"
            for f in self._functions
        )

    def _tags(self, schema: SchemaRules, parameters: Any, rule: str) -> str:
        properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
        if not properties:
            extra = not isinstance(parameters, Mapping) or parameters.get(
                "additionalProperties", True
            )
            return f'(gap "<parameter=" [^<>\\n]{{1,256}} ">" {FREE_TEXT})*' if extra else ""
        required = parameters.get("required", [])
        parts = []
        for number, (key, each) in enumerate(properties.items()):
            name, where = f"{rule}-{number}", f"#/properties/{key}"
            self._rules[f"{name}-tag"] = value_rule(each, schema, name, where)
            part = f'gap {quoted(f"<parameter={key}>")} "\\n"? {name}-tag'
            parts.append(part if key in required else f"({part})?")
        return " ".join(parts)
