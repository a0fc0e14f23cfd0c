import json
import re
from typing import Any

from litestar.routes import HTTPRoute
from tests.gateway.a_bundle import (
    ALIAS,
    CHAT,
    EMBEDDING,
    RETIRED,
    TODAY,
    UPCOMING,
    make_bundle,
    make_deployment,
)
from tests.gateway.scripted_workers import ScriptedWorkers
from tests.gateway.serving import Gateway

from llmaas.gateway import create_app, openapi_document
from llmaas.gateway.operations import OPERATIONS

DOCUMENT: Any = json.loads(openapi_document(make_bundle()))
METHODS = {"get", "post", "put", "delete", "patch"}


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(each) for each in value))
    return set()


def test_every_route_is_an_operation_and_every_operation_a_route() -> None:
    app = create_app(
        make_bundle(),
        workers=ScriptedWorkers(),
        deployment=make_deployment(),
        accounts=None,  # type: ignore[arg-type] # no request is made
        docs_dir=None,
        today=lambda: TODAY,
    )
    served = {
        (method, re.sub(r":path", "", route.path))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in {"OPTIONS", "HEAD"}
    }
    documented = {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
    }
    assert served == documented
    assert len(served) == len(OPERATIONS)


def test_the_document_is_the_same_text_every_time() -> None:
    assert openapi_document(make_bundle()) == openapi_document(make_bundle())


def test_the_gateway_serves_the_document(gateway: Gateway) -> None:
    answer = gateway.http(None).get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == openapi_document(make_bundle())


def test_every_reference_leads_somewhere() -> None:
    references = _references(DOCUMENT)
    assert references
    for reference in references:
        value = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            value = value[step]


def test_every_schema_is_used() -> None:
    text = json.dumps(DOCUMENT)
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert set(DOCUMENT["components"]["schemas"]) == used


def test_models_are_enumerated_by_operation_whatever_the_day() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {CHAT, ALIAS, RETIRED, UPCOMING} <= set(schemas["ChatModel"]["enum"])
    assert EMBEDDING not in schemas["ChatModel"]["enum"]
    assert schemas["EmbeddingModel"]["enum"] == [EMBEDDING]
    assert {CHAT, EMBEDDING} <= set(schemas["AnyModel"]["enum"])
    assert schemas["ChatRequest"]["properties"]["model"] == {
        "$ref": "#/components/schemas/ChatModel"
    }


def test_every_operation_is_described_in_full() -> None:
    names = set()
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            assert method in METHODS
            names.add(operation["operationId"])
            assert operation["summary"]
            assert operation["description"]
            assert "200" in operation["responses"]
            placeholders = set(re.findall(r"{(\w+)}", path))
            assert placeholders == {each["name"] for each in operation.get("parameters", [])}
            for answer in operation["responses"].values():
                assert answer["description"]
                assert "x-request-id" in answer["headers"]
    assert len(names) == len(OPERATIONS)


def test_the_examples_of_requests_are_answered(gateway: Gateway) -> None:
    asked = 0
    for path, operations in DOCUMENT["paths"].items():
        content = operations.get("post", {}).get("requestBody", {}).get("content", {})
        for example in content.get("application/json", {}).get("examples", {}).values():
            asked += 1
            assert gateway.http().post(path, json=example["value"]).status_code == 200
    assert asked == 4


def test_only_public_operations_lift_the_key() -> None:
    assert DOCUMENT["security"] == [{"bearer": []}]
    for operation in OPERATIONS:
        described = DOCUMENT["paths"][operation.path][operation.method.lower()]
        assert ("security" in described) == (operation.public or operation.admin)
        assert ("401" in described["responses"]) == (not operation.public)


def test_operations_that_screen_prompts_say_what_a_refusal_and_a_flag_look_like() -> None:
    screened = {operation.path for operation in OPERATIONS if operation.endpoint is not None}
    assert len(screened) == 4
    for path in screened:
        answers = DOCUMENT["paths"][path]["post"]["responses"]
        assert "x-llmaas-security" in answers["200"]["headers"]
        assert "prompt_blocked" in answers["403"]["description"]
        content = answers["403"]["content"]["application/json"]
        assert content["schema"] == {"$ref": "#/components/schemas/BlockedEnvelope"}
        example = content["examples"]["prompt_blocked"]["value"]
        assert example["detail"] == example["error"]["message"]
    looking = DOCUMENT["paths"]["/v1/models/{model}"]["get"]["responses"]
    assert "prompt_blocked" not in looking["403"]["description"]
