import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmaas.catalog import Catalog, Document, Loc, Problem, json_schema, parse_catalog
from llmaas.catalog.loader import load
from llmaas.catalog.structure import read_structure
from llmaas.catalog.wording import PATTERNS, UNFORESEEN, closest

BASE = Path(__file__).parents[2] / "golden" / "catalog" / "base.yaml"
ODD_VALUES: tuple[object, ...] = (
    *(None, True, 0, -5, 10**15, Decimal("0.5"), Decimal("-1e20"), Decimal("1e-20"), 3),
    *(
        "",
        " ",
        "A b",
        "2025-02-30",
        "2025-W24-5",
        "20250613",
        "🙂",
        "a\nb",
        " a",
        "\0",
        "x" * 5000,
        "yes",
    ),
    *((), (None,), ("", ""), ({},), {}, {"id": "x"}, {"id": ()}, ((((),),),)),
)


@pytest.fixture(scope="module")
def base() -> Document:
    return load(BASE.read_bytes(), "f.yaml")


def problems(base: Document, loc: Loc, value: object) -> tuple[Problem, ...]:
    changed = _with(base.value, loc, value)
    return read_structure(Document(changed, base.values, base.keys, ()), "f.yaml")[1]


def _with(tree: Any, loc: Loc, value: object) -> Any:
    if not loc:
        return value
    changed: Any = list(tree) if isinstance(tree, tuple) else copy.copy(tree)
    changed[loc[0]] = _with(changed[loc[0]], loc[1:], value)
    return tuple(changed) if isinstance(tree, tuple) else changed


def test_every_odd_value_at_every_place_is_explained(base: Document) -> None:
    remedy = UNFORESEEN[1]
    for loc in base.values:
        for value in ODD_VALUES:
            for problem in problems(base, loc, value):
                assert problem.help != remedy, (loc, value, problem)
                assert "Input should" not in problem.message, problem
                assert problem.line > 0


def test_a_missing_key_points_at_the_mapping_that_lacks_it(base: Document) -> None:
    sla = base.position(("service", "sla"))
    (problem,) = problems(base, ("service", "sla"), {})
    assert (problem.line, problem.column, problem.code) == (sla.line, sla.column, "missing-key")


def test_an_unknown_key_points_at_the_key() -> None:
    text = BASE.read_text().replace("    family: New", "    family: New\n    colour: red")
    (problem,) = parse_catalog(text.encode(), Path("f.yaml")).problems
    assert text.splitlines()[problem.line - 1][problem.column - 1 :] == "colour: red"
    assert "keys known here: id, aliases" in (problem.help or "")


def test_a_misspelt_required_key_is_one_mistake_not_two() -> None:
    text = BASE.read_text().replace("    family: New", "    familly: New")
    (problem,) = parse_catalog(text.encode(), Path("f.yaml")).problems
    assert problem.code == "unknown-key"
    assert problem.help == "did you mean `family`?"


def test_a_misspelt_optional_key_is_reported() -> None:
    text = BASE.read_text().replace("    aliases: [old]", "    alias: [old]")
    (problem,) = parse_catalog(text.encode(), Path("f.yaml")).problems
    assert problem.help == "did you mean `aliases`?"


@pytest.mark.parametrize("key", ["total_models", "stats", "model_count", "number_of_machines"])
def test_typed_counts_are_refused_with_their_reason(key: str) -> None:
    (problem,) = parse_catalog(f"{BASE.read_text()}\n{key}: 3\n".encode(), Path("f")).problems
    assert "counts are computed" in (problem.help or "")


@pytest.mark.parametrize("text", ["3", "- a", "just a text", "null"])
def test_a_file_that_is_no_mapping_is_no_catalogue(text: str) -> None:
    (problem,) = parse_catalog(text.encode(), Path("f.yaml")).problems
    assert problem.code == "wrong-type"
    assert problem.message.startswith("the catalogue must be a mapping")


def test_all_mistakes_of_the_structure_come_in_one_run() -> None:
    text = BASE.read_text().replace("country: FR", "country: fr").replace("eur: 5.00", "eur: -5")
    found = parse_catalog(text.encode(), Path("f.yaml")).problems
    assert len(found) == 3
    assert list(found) == sorted(found, key=lambda one: (one.line, one.column))


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Apache 2.0", "Apache-2.0"), ("mit", "MIT"), ("apache_2.0", "Apache-2.0"), ("zlib", None)],
)
def test_a_near_miss_is_recognised(word: str, meant: str | None) -> None:
    assert closest(word, ("Apache-2.0", "MIT")) == meant


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


def test_every_pattern_of_the_model_is_explained_in_words() -> None:
    assert set(_patterns(Catalog.model_json_schema())) == set(PATTERNS)


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for value in node.values():
            yield from _objects(value)


def test_the_schema_is_strict_described_and_stable() -> None:
    text = json_schema()
    schema = json.loads(text)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert text == json_schema()
    objects = list(_objects(schema))
    assert len(objects) > 20
    for one in objects:
        assert one["additionalProperties"] is False
        assert one["description"], one["title"]
    assert schema["$defs"]["Model"]["properties"]["released_on"]["format"] == "date"
    assert "stable" in schema["$defs"]["Model"]["properties"]["stability"]["enum"]


def test_the_schema_keeps_the_numbers_bounds() -> None:
    definitions = json.loads(json_schema())["$defs"]
    assert definitions["PriceStep"]["properties"]["eur"]["exclusiveMinimum"] == 0
    assert definitions["Machine"]["properties"]["gpus"]["exclusiveMinimum"] == 0


def test_every_key_has_a_hover_text() -> None:
    definitions = json.loads(json_schema())
    silent = [
        f"{owner}.{key}"
        for owner, one in {**definitions["$defs"], "Catalog": definitions}.items()
        for key, node in one["properties"].items()
        if not node.get("description")
    ]
    assert silent == []
