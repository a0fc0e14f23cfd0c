"""The JSON Schema that gives an editor completion, hover texts and red underlines."""

import json
import re
from typing import Any

from llmaas.catalog.model import Catalog

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> str:
    """The schema of `models_config.yaml`: the same bytes for the same model."""
    schema = _tidy(Catalog.model_json_schema())
    schema["$schema"] = DIALECT
    schema["title"] = "LLMaaS catalogue"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _tidy(node: Any, *, names: bool = False) -> Any:
    """Titles as words, and no default that only says a key may be left out.

    Args:
        node: a part of the schema.
        names: whether its keys are names (of properties, definitions) and not keywords.
    """
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if not names and key == "title" and "properties" not in node:
            continue  # pydantic's title of a key is the key itself
        if not names and key == "default" and value is None:
            continue
        kept[key] = _tidy(value, names=not names and key in {"properties", "$defs"})
    if not names and isinstance(kept.get("title"), str):
        kept["title"] = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kept["title"]).capitalize()
    if not names and isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].split())
    return kept
