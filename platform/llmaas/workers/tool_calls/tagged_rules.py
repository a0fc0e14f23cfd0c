"""What a parameter between tags may be: bare text, or JSON where its schema is of no string."""

import json
from collections.abc import Mapping
from typing import Any

from llmaas.workers.schema_keywords import SchemaError, quoted, string_inside
from llmaas.workers.schema_rules import SchemaRules

_END = "</parameter>"
FREE_TEXT = "tag-text-0"
"""Everything up to the closing tag, and the tag. The rules: how much of the tag has been seen."""
TAG_RULES: Mapping[str, str] = {
    "tag-char": "[^<]",
    FREE_TEXT: f'[^<] {FREE_TEXT} | "<" tag-text-1',
    **{
        f"tag-text-{seen}": (
            f'"{character}" tag-text-{seen + 1} | "<" tag-text-1 | [^<{character}] {FREE_TEXT}'
        )
        for seen, character in enumerate(_END[:-1])
        if seen > 0
    },
    f"tag-text-{len(_END) - 1}": f'">" | "<" tag-text-1 | [^<>] {FREE_TEXT}',
}


def value_rule(schema: Any, of: SchemaRules, name: str, where: str) -> str:
    """What stands between the tags of a parameter, and the closing one.

    Raises:
        SchemaError: the message names the place.
    """
    kinds = kinds_of(schema, of, where)
    resolved = of.resolved(schema, where)
    if isinstance(resolved, Mapping) and ("const" in resolved or "enum" in resolved):
        given = [resolved["const"]] if "const" in resolved else resolved["enum"]
        return f"({' | '.join(quoted(_bare(each)) for each in given)}) gap {quoted(_END)}"
    if kinds and "string" not in kinds:
        return f"{of.part(schema, name, where)} gap {quoted(_END)}"
    inside = None
    if kinds == {"string"} and "anyOf" not in resolved and "oneOf" not in resolved:
        if '"' in str(resolved.get("pattern", "")) or "\\\\" in str(resolved.get("pattern", "")):
            raise SchemaError(f"{where}: `pattern` with quotes or backslashes is not supported")
        inside = string_inside(resolved, where, char="tag-char")
    return FREE_TEXT if inside is None else f'{inside} "\\n"? {quoted(_END)}'


def kinds_of(schema: Any, of: SchemaRules, where: str) -> frozenset[str]:
    """Types of JSON that a schema allows; none where it does not say."""
    schema = of.resolved(schema, where)
    if not isinstance(schema, Mapping):
        return frozenset()
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            each = [kinds_of(one, of, where) for one in schema[keyword]]
            return frozenset().union(*each) if all(each) else frozenset()
    if "const" in schema or "enum" in schema:
        given = [schema["const"]] if "const" in schema else schema["enum"]
        return frozenset(kind_of(value) for value in given)
    kinds = schema.get("type", [])
    return frozenset([kinds] if isinstance(kinds, str) else map(str, kinds))


def kind_of(value: Any) -> str:  # noqa: PLR0911 - one return for each type
    """The type of a value, as a schema calls it."""
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "number"
        case None:
            return "null"
        case list():
            return "array"
        case _:
            return "object"


def _bare(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
