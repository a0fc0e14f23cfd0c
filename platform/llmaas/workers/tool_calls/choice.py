"""A call that has to be made: the rules of the whole answer, from the functions' own schemas."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.protocol import Grammar
from llmaas.workers.schema_rules import SchemaError, schema_rules
from llmaas.workers.tool_calls.xml_calls import CLOSE, OPEN

_AROUND: dict[ToolCallFormat, tuple[str, str]] = {
    "hermes": (f"{OPEN}\n", f"\n{CLOSE}"),
    "llama3_json": ("", ""),
    "mistral": ("[TOOL_CALLS][", "]"),
    "granite": ("<|tool_call|>[", "]"),
    "generic_json": ("", ""),
}
_FREE = {"type": "object"}


def call_grammar(format_: ToolCallFormat, functions: Sequence[Mapping[str, Any]]) -> Grammar:
    """One call of one of `functions`, with arguments that fit its parameters.

    Raises:
        SchemaError: the parameters use what rules cannot express; the message names the function.
    """
    for function in functions:
        try:
            schema_rules(function.get("parameters") or _FREE)
        except SchemaError as error:
            raise SchemaError(f"tools: parameters of {function['name']}: {error}") from error
    if format_ == "qwen3_coder":
        return Grammar(gbnf=_tagged(functions))
    if format_ == "mistral_args":
        return Grammar(gbnf=_named(functions))
    key = "parameters" if format_ == "llama3_json" else "arguments"
    schema = {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "name": {"const": function["name"]},
                    key: {"$ref": f"#/$defs/{number}"},
                },
                "required": ["name", key],
            }
            for number, function in enumerate(functions)
        ],
        "$defs": {
            str(number): _moved(_schema(function), f"#/$defs/{number}")
            for number, function in enumerate(functions)
        },
    }
    before, after = _AROUND[format_]
    return Grammar(gbnf=schema_rules(schema, before=before, after=after))


def _schema(function: Mapping[str, Any]) -> Any:
    return function.get("parameters") or _FREE


def _moved(schema: Any, to: str) -> Any:
    """A schema in another place: its references follow it."""
    if isinstance(schema, list):
        return [_moved(each, to) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: to + value[1:]
        if key == "$ref" and isinstance(value, str) and value.startswith("#")
        else _moved(value, to)
        for key, value in schema.items()
    }


def _named(functions: Sequence[Mapping[str, Any]]) -> str:
    """`name[ARGS]{…}`: of several functions only the name is bound."""
    names = " | ".join(json.dumps(f"[TOOL_CALLS]{f['name']}[ARGS]") for f in functions)
    schema = _schema(functions[0]) if len(functions) == 1 else _FREE
    rules = schema_rules(schema, before="\0", after="")
    return rules.replace(json.dumps("\0"), f"({names})")


def _tagged(functions: Sequence[Mapping[str, Any]]) -> str:
    """Tags: the names of functions and parameters are bound, values are not."""
    rules = [r'value ::= ([^<] | "<" [^/])* "\n</parameter>\n"']
    alternatives = []
    for function in functions:
        schema = _schema(function)
        required = schema.get("required", [])
        body = "".join(
            f" {json.dumps(f'<parameter={key}>' + chr(10))} value"
            if key in required
            else f" ({json.dumps(f'<parameter={key}>' + chr(10))} value)?"
            for key in schema.get("properties", {})
        )
        alternatives.append(json.dumps(f"<function={function['name']}>\n") + body)
    calls = " | ".join(alternatives)
    tail = json.dumps(f"</function>\n{CLOSE}")
    return "\n".join([f"root ::= {json.dumps(OPEN + chr(10))} ({calls}) {tail}", *rules])
