"""The API reference: schemas become rows that a reader can look up."""

import pytest

from llmaas.generators.site.reference import Field, operations

DOCUMENT = {
    "paths": {
        "/health": {"get": {"responses": {"200": {"content": {"application/json": {}}}}}},
        "/docs": {"get": {"responses": {"200": {"content": {"text/html": {}}}}}},
        "/v1/say": {
            "post": {
                "parameters": [
                    {"name": "dry", "in": "query", "schema": {"type": "boolean", "default": False}}
                ],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Say"}}
                    }
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"type": "object"}}}},
                    "404": {"description": "no"},
                },
            }
        },
    },
    "components": {
        "schemas": {
            "Say": {
                "type": "object",
                "required": ["parts"],
                "properties": {
                    "heat": {
                        "anyOf": [
                            {"type": "number", "minimum": 0, "maximum": 2.0},
                            {"type": "null"},
                        ]
                    },
                    "parts": {
                        "type": "array",
                        "items": {
                            "anyOf": [
                                {
                                    "type": "object",
                                    "required": ["kind", "text"],
                                    "properties": {
                                        "kind": {"enum": ["text"]},
                                        "text": {"type": "string"},
                                    },
                                },
                                {
                                    "type": "object",
                                    "required": ["kind"],
                                    "properties": {"kind": {"enum": ["image"]}},
                                },
                            ]
                        },
                    },
                    "seed": {"type": "integer", "minimum": -(2**63), "default": 1},
                },
            }
        }
    },
}


@pytest.fixture
def say():
    return next(op for op in operations(DOCUMENT) if op.path == "/v1/say")


def field(operation, name) -> Field:
    return next(field for field in operation.request if field.name == name)


def test_versioned_operations_come_first_and_pages_for_people_are_left_out():
    assert [op.key for op in operations(DOCUMENT)] == ["POST /v1/say", "GET /health"]


def test_nested_fields_have_dotted_names_and_required_ones_come_first(say):
    assert [field.name for field in say.request] == [
        "parts",
        "parts[].kind",
        "parts[].text",
        "heat",
        "seed",
    ]
    assert field(say, "parts[].kind").keys == ("parts.kind", "kind")


def test_a_field_of_several_alternatives_has_the_values_of_all(say):
    kind = field(say, "parts[].kind")
    assert kind.values == ("text", "image")
    assert kind.required


def test_the_same_values_in_many_alternatives_are_still_a_short_list():
    part = {"type": "object", "properties": {"kind": {"enum": ["text", "image"]}}}
    media = {"application/json": {"schema": {"anyOf": [part] * 5}}}
    document = {"paths": {"/v1/say": {"post": {"requestBody": {"content": media}}}}}
    (operation,) = operations(document)
    assert field(operation, "kind").values == ("text", "image")


def test_a_field_that_one_alternative_lacks_is_not_required_where_it_may_be_left_out(say):
    assert field(say, "parts[].text").required is False


def test_bounds_are_shown_unless_they_are_those_of_the_machine(say):
    assert field(say, "heat").limits == "≥ 0, ≤ 2"
    assert field(say, "heat").type == "number | null"
    assert field(say, "seed").limits == ""
    assert field(say, "seed").default == "1"


def test_parameters_and_errors_are_found(say):
    assert [(p.name, p.default) for p in say.parameters] == [("dry", "false")]
    assert say.errors == ("404",)
    assert say.slug == "post-v1-say"


def test_a_document_without_paths_has_no_operations():
    assert operations({"openapi": "3.1.0"}) == ()
