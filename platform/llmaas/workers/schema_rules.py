"""JSON schema to the rules of a grammar, so that an answer is valid by construction.

Keys come in the order of the schema; an object with `properties` has no others unless
`additionalProperties` says so. A keyword that rules cannot express is an error, not a promise
silently broken.
"""

from collections.abc import Mapping
from typing import Any

from llmaas.workers.integer_rules import integer_between
from llmaas.workers.schema_keywords import (
    BOUNDS,
    Schema,
    SchemaError,
    at_least_one,
    counts,
    integer_bounds,
    literal,
    string_inside,
)

_UNSUPPORTED = (
    "not", "if", "then", "else", "contains", "dependentRequired", "dependentSchemas",
    "patternProperties", "propertyNames", "multipleOf", "unevaluatedProperties",
    "minProperties", "maxProperties", "unevaluatedItems", "$dynamicRef",
)  # fmt: skip
BASE: Mapping[str, str] = {
    "ws": r'(" " | "\n" [ \t]{0,20})?',
    "char": r'[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})',
    "string": r'"\"" char* "\""',
    "integer": r'"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": r'integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "value": "object | array | string | number | boolean | null",
    "pair": 'string ws ":" ws value',
    "object": '"{" ws (pair ws ("," ws pair ws)*)? "}"',
    "array": '"[" ws (value ws ("," ws value ws)*)? "]"',
    "date": '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [1-2] [0-9] | "3" [0-1])',
    "time": (
        '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,9})? '
        '("Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])'
    ),
    "date-time": 'date "T" time',
    "uuid": '[0-9a-f]{8} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{12}',
}


def schema_rules(schema: Schema | bool) -> str:
    """The rules in GBNF; `root` is the whole answer.

    Raises:
        SchemaError: the message names the place.
    """
    rules = dict(BASE)
    rules["root"] = f"{SchemaRules(schema, rules, 'root-value').whole()} ws"
    return rule_text(rules)


def rule_text(rules: Mapping[str, str]) -> str:
    """Rules by name, in GBNF."""
    return "\n".join(f"{name} ::= {rule}" for name, rule in rules.items())


class SchemaRules:
    """The rules of one schema, among those of a grammar that may have several.

    Args:
        schema: the document to which references refer.
        rules: of the grammar, by name; `BASE` is among them, and what is needed is added.
        name: begins the names of all rules that are added.
    """

    def __init__(self, schema: Schema | bool, rules: dict[str, str], name: str) -> None:
        self._schema = schema
        self._rules = rules
        self._name = name
        self._references: dict[str, str] = {}

    def whole(self) -> str:
        """What the schema allows, as part of a rule.

        Raises:
            SchemaError: the message names the place.
        """
        return self.part(self._schema, self._name, "#")

    def part(self, schema: Schema | bool, name: str, where: str) -> str:
        """What a part of the schema allows, as part of a rule.

        Raises:
            SchemaError: the message names the place.
        """
        return self._named(self._rule(schema, name, where), name)

    def resolved(self, schema: Any, where: str) -> Any:
        """A schema that says what it is, not where that is said."""
        seen: set[str] = set()
        while isinstance(schema, Mapping) and ("$ref" in schema or "allOf" in schema):
            if "allOf" in schema:
                schema = self._merged(schema, where)
                continue
            reference = schema["$ref"]
            if str(reference) in seen:
                raise SchemaError(f"{where}: `$ref` {reference!r} leads to itself")
            seen.add(str(reference))
            schema = self._target(reference, where)
        return schema

    def _rule(  # noqa: PLR0911 - one return for each way to write a schema
        self, schema: Schema | bool, name: str, where: str
    ) -> str:
        """What a schema allows, as the right side of a rule."""
        if schema is True or schema == {}:
            return "value"
        if not isinstance(schema, Mapping):
            raise SchemaError(f"{where}: is no schema that anything can match")
        for keyword in _UNSUPPORTED:
            if keyword in schema:
                raise SchemaError(f"{where}: `{keyword}` is not supported")
        if "$ref" in schema:
            return self._reference(schema["$ref"], where)
        if "const" in schema:
            return literal(schema["const"])
        if "enum" in schema:
            values = at_least_one(schema, "enum", where)
            return "(" + " | ".join(literal(value) for value in values) + ")"
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._alternatives(
                    at_least_one(schema, keyword, where), name, f"{where}/{keyword}"
                )
        if "allOf" in schema:
            return self._rule(self._merged(schema, where), name, where)
        kinds = schema.get("type")
        if isinstance(kinds, list):
            single = [{**schema, "type": kind} for kind in kinds]
            return self._alternatives(single, name, where)
        return self._of_type(kinds or _implied_type(schema), schema, name, where)

    def _of_type(  # noqa: PLR0911 - one return for each type
        self, kind: Any, schema: Schema, name: str, where: str
    ) -> str:
        match kind:
            case "object":
                return self._object(schema, name, where)
            case "array":
                return self._array(schema, name, where)
            case "string":
                return self._string(schema, where)
            case "integer":
                low, high = integer_bounds(schema, where)
                return "integer" if low is None and high is None else integer_between(low, high)
            case "number":
                if any(word in schema for word in BOUNDS):
                    raise SchemaError(f"{where}: bounds of a `number` are not supported")
                return "number"
            case "boolean" | "null":
                return str(kind)
            case None:
                return "value"
            case _:
                raise SchemaError(f"{where}: no type is called {kind!r}")

    def _alternatives(self, schemas: list[Any], name: str, where: str) -> str:
        rules = [
            self._named(self._rule(schema, f"{name}-{i}", f"{where}/{i}"), f"{name}-{i}")
            for i, schema in enumerate(schemas)
        ]
        return "(" + " | ".join(rules) + ")"

    def _reference(self, reference: Any, where: str) -> str:
        known = self._references.get(reference)
        if known is not None:
            return known
        target = self._target(reference, where)
        name = self._references[reference] = f"{self._name}-ref-{len(self._references)}"
        self._rules[name] = self._rule(target, name, reference)
        return name

    def _merged(self, schema: Schema, where: str) -> Schema:
        """`allOf` of objects: all their properties, and all that are required."""
        merged: dict[str, Any] = {k: v for k, v in schema.items() if k != "allOf"}
        merged["properties"] = dict(merged.get("properties", {}))
        required = list(merged.get("required", []))
        for index, given in enumerate(at_least_one(schema, "allOf", where)):
            here = f"{where}/allOf/{index}"
            if isinstance(given, Mapping) and set(given) == {"$ref"}:
                part = self._target(given["$ref"], here)
            else:
                part = given
            if not isinstance(part, Mapping) or not set(part) <= _MERGED:
                raise SchemaError(f"{here}: only objects can be merged")
            merged["properties"].update(part.get("properties", {}))
            required += part.get("required", [])
            if "additionalProperties" in part:
                merged["additionalProperties"] = part["additionalProperties"]
        merged["required"] = required
        return merged

    def _object(self, schema: Schema, name: str, where: str) -> str:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            raise SchemaError(f"{where}: `properties` is an object, `required` a list")
        missing = [key for key in required if key not in properties]
        extra = schema.get("additionalProperties", not properties)
        if missing and extra is False:
            raise SchemaError(f"{where}: {missing[0]!r} is required and has no schema")
        properties = {**properties, **dict.fromkeys(missing, True)}
        # From the last property back: what follows a first one, and what follows nothing.
        if extra is False:
            following, opening = "", ""
        else:
            value = self._named(self._rule(extra, f"{name}-x", f"{where}/additional"), f"{name}-x")
            pair = f'string ws ":" ws {value} ws'
            following, opening = f'("," ws {pair})*', f'({pair} ("," ws {pair})*)?'
        for index, (key, value) in reversed(list(enumerate(properties.items()))):
            part = f"{name}-{index}"
            here = f"{where}/properties/{key}"
            pair = f'{literal(key)} ws ":" ws {self._named(self._rule(value, part, here), part)} ws'
            after = self._named(following, f"{part}-after")
            if key in required:
                opening, following = f"{pair} {after}", f'"," ws {pair} {after}'
            else:
                first = self._named(opening, f"{part}-first")
                opening = f"({pair} {after} | {first})" if first else f"({pair} {after})?"
                following = f'("," ws {pair})? {after}'
        return f'"{{" ws {opening} "}}"'

    def _array(self, schema: Schema, name: str, where: str) -> str:
        if schema.get("uniqueItems"):
            raise SchemaError(f"{where}: `uniqueItems` is not supported")
        prefix = schema.get("prefixItems", [])
        least, most = counts(schema, "minItems", "maxItems", where)
        items = schema.get("items", True)
        if prefix:
            rules = [self._rule(s, f"{name}-{i}", f"{where}/{i}") for i, s in enumerate(prefix)]
            return '"[" ws ' + ' ws "," ws '.join(rules) + ' ws "]"'
        if most == 0 or items is False:
            return '"[" ws "]"'
        item = self._named(self._rule(items, f"{name}-i", f"{where}/items"), f"{name}-i") + " ws"
        upper = "" if most is None else str(most - 1)
        more = f'("," ws {item}){{{max(least - 1, 0)},{upper}}}'
        return f'"[" ws {item} {more} "]"' if least else f'"[" ws ({item} {more})? "]"'

    def _string(self, schema: Schema, where: str) -> str:
        inside = string_inside(schema, where)
        return "string" if inside is None else f'"\\"" {inside} "\\""'

    def _target(self, reference: Any, where: str) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise SchemaError(f"{where}: `$ref` {reference!r} leads out of the schema")
        target: Any = self._schema
        for part in reference.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or key not in target:
                raise SchemaError(f"{where}: `$ref` {reference!r} leads nowhere")
            target = target[key]
        return target

    def _named(self, rule: str, name: str) -> str:
        """A rule of its own for all but the shortest, so that nothing is written twice."""
        if len(rule) < 24 and " " not in rule:
            return rule
        self._rules[name] = rule
        return name


_MERGED = {"type", "properties", "required", "additionalProperties", "title", "description"}


def _implied_type(schema: Schema) -> str | None:
    for kind, words in (
        ("object", ("properties", "required", "additionalProperties")),
        ("array", ("items", "prefixItems", "minItems", "maxItems")),
        ("string", ("pattern", "minLength", "maxLength", "format")),
    ):
        if any(word in schema for word in words):
            return kind
    return None
