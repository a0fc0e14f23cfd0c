"""The reference of the YAML, from its JSON Schema: the same texts that an editor shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmaas.catalog import json_schema


@dataclass(frozen=True)
class Key:
    """A key of a mapping in the YAML."""

    name: str
    type: str
    required: bool
    meaning: str
    allowed: str
    """Values or limits, as code; empty where anything of the type goes."""
    record: str | None
    """The record that is written there."""


@dataclass(frozen=True)
class RecordReference:
    """A mapping of the YAML."""

    name: str
    meaning: str
    keys: tuple[Key, ...]

    @property
    def slug(self) -> str:
        """Its anchor on the page."""
        return self.name.lower()


def records() -> tuple[RecordReference, ...]:
    """The whole file first, then every record in the order in which it is met."""
    schema: dict[str, Any] = json.loads(json_schema())
    definitions: Mapping[str, Any] = schema["$defs"]
    found = [_record("Catalog", schema)]
    waiting = [key.record for key in found[0].keys if key.record]
    seen = set()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        record = _record(name, definitions[name])
        found.append(record)
        waiting += [key.record for key in record.keys if key.record]
    return tuple(found)


def _record(name: str, schema: Mapping[str, Any]) -> RecordReference:
    required = schema.get("required", ())
    keys = [
        _key(key, value, required=key in required) for key, value in schema["properties"].items()
    ]
    keys.sort(key=lambda key: not key.required)
    return RecordReference(name, schema.get("description", ""), tuple(keys))


def _key(name: str, schema: Mapping[str, Any], *, required: bool) -> Key:
    core = _core(schema)
    item = _core(core["items"]) if core.get("type") == "array" and "items" in core else None
    reference = (item or core).get("$ref")
    record = reference.rsplit("/", 1)[1] if reference else None
    kind = record or str((item or core).get("type", "string"))
    return Key(
        name=name,
        type=f"list of {kind}" if item is not None else kind,
        required=required,
        meaning=str(schema.get("description", "")),
        allowed=_allowed(item or core),
        record=record,
    )


def _core(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a value that may be left out, without the `null` that stands for that."""
    for alternative in schema.get("anyOf", ()):
        if alternative.get("type") != "null":
            return dict(alternative)
    return schema


def _allowed(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " · ".join(f"`{value}`" for value in schema["enum"])
    limits = (
        ("minimum", "≥"),
        ("exclusiveMinimum", ">"),
        ("maximum", "≤"),
        ("exclusiveMaximum", "<"),
    )
    return ", ".join(f"`{sign} {schema[key]}`" for key, sign in limits if key in schema)
