"""What holds for every operation: keys, ids of requests, bodies, unknown paths and methods."""

from pathlib import Path
from typing import Any

import openai
import pytest
from tests.gateway.a_bundle import CHAT
from tests.gateway.scripted_workers import ScriptedWorkers
from tests.gateway.serving import Gateway, serving

from llmaas.gateway.operations import OPERATIONS

CHAT_PATH = "/v1/chat/completions"
BODY: Any = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}]}
PRIVATE = [each for each in OPERATIONS if not each.public and not each.admin]


@pytest.mark.parametrize("operation", PRIVATE, ids=lambda operation: operation.id)
@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        (None, "No API key was given"),
        ("", "No API key was given"),
        ("Basic YTpi", "not of the form"),
        ("Bearer", "not of the form"),
        ("Bearer nonsense", "not valid"),
        ("Bearer llmaas_aaaaaaaaaaaaaaaa_" + "a" * 52, "not valid"),
    ],
)
def test_a_request_without_a_valid_key_is_401(
    gateway: Gateway, operation: Any, authorization: str | None, says: str
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    path = operation.path.replace("{model}", CHAT)
    answer = gateway.http(None).request(operation.method, path, headers=headers, json=BODY)
    error = answer.json()["error"]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert error["type"] == "authentication_error"
    assert error["code"] == "invalid_api_key"
    assert says in error["message"]


def test_the_scheme_of_the_key_is_written_in_any_case(gateway: Gateway) -> None:
    headers = {"authorization": f"bearer {gateway.token}"}
    assert gateway.http(None).get("/v1/models", headers=headers).status_code == 200


def test_a_revoked_key_stops_with_the_next_request(gateway: Gateway) -> None:
    key, token = gateway.create_key()
    client = gateway.openai(token)
    assert client.models.list().data
    gateway.accounts.administration.revoke(key.id, actor="a test")
    with pytest.raises(openai.AuthenticationError):
        client.models.list()


def test_every_answer_has_a_request_id_of_its_own(gateway: Gateway) -> None:
    client = gateway.http()
    answers = [
        client.get("/v1/models"),
        client.get("/health/live"),
        client.get("/nowhere"),
        client.get(CHAT_PATH),
        client.post(CHAT_PATH, content=b"{"),
        client.options("/v1/models"),
        gateway.http(None).get("/v1/models"),
    ]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(each.startswith("req_") for each in ids)
    assert len(set(ids)) == len(ids)
    assert sorted(ids) == ids, "the ledger's index grows at its end"
    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)


def test_the_official_client_sees_the_request_id(gateway: Gateway) -> None:
    answer = gateway.openai().chat.completions.create(**BODY)
    assert (answer._request_id or "").startswith("req_")


@pytest.mark.parametrize("path", ["/v2/models", "/v1", "/v1/chat", "/v1/chat/completions/x", "/x"])
def test_an_unknown_path_is_404_in_the_envelope(gateway: Gateway, path: str) -> None:
    answer = gateway.http().get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"
    assert path in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/embeddings", "/v1/embeddings"),
        ("/v1/chat/completion", "/v1/chat/completions"),
        ("/v1/responses", None),
    ],
)
def test_a_path_that_is_nearly_right_is_answered_with_the_right_one(
    gateway: Gateway, path: str, meant: str | None
) -> None:
    answer = gateway.http().post(path, json=BODY)
    says = "/openapi.json lists" if meant is None else f"Did you mean {meant}?"
    assert answer.status_code == 404
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", CHAT_PATH, "POST"), ("DELETE", "/v1/models", "GET"), ("PUT", "/health/live", "GET")],
)
def test_a_wrong_method_is_405_with_those_allowed(
    gateway: Gateway, method: str, path: str, allowed: str
) -> None:
    answer = gateway.http().request(method, path)
    assert answer.status_code == 405
    assert allowed in answer.headers["allow"]
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_head_answers_like_get_without_a_body(gateway: Gateway) -> None:
    client = gateway.http()
    for path in ("/v1/models", "/health/live", "/openapi.json", "/docs/x"):
        head, get = client.head(path), client.get(path)
        assert head.status_code == get.status_code
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b'{"model": "\\ud800"}', b"\xff\xfe", b'"x"'],
)
def test_a_body_that_is_no_json_object_is_400(gateway: Gateway, content: bytes) -> None:
    for path in (CHAT_PATH, "/v1/completions", "/v1/embeddings"):
        answer = gateway.http().post(
            path, content=content, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, path
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert "JSON" in answer.json()["error"]["message"]


def test_a_body_nested_too_deeply_is_400(gateway: Gateway) -> None:
    deep = b'{"model": "x", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert gateway.http().post(CHAT_PATH, content=deep).status_code == 400
    tools = b'{"chat_template_kwargs": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    assert gateway.http().post(CHAT_PATH, content=tools).status_code == 400


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
)
def test_a_body_declared_as_something_else_is_415_with_advice(
    gateway: Gateway, content_type: str
) -> None:
    answer = gateway.http().post(CHAT_PATH, content=b"{}", headers={"content-type": content_type})
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/x+json"]
)
def test_json_may_be_declared_in_several_ways(gateway: Gateway, content_type: str) -> None:
    headers = {"content-type": content_type}
    assert gateway.http().post(CHAT_PATH, json=BODY, headers=headers).status_code == 200


def test_a_body_over_the_limit_is_413(tmp_path: Path) -> None:
    with serving(tmp_path, body_limit_bytes=1000) as gateway:
        announced = gateway.http().post(CHAT_PATH, content=b"x" * 1001)
        chunked = gateway.http().post(CHAT_PATH, content=iter([b"x" * 600, b"x" * 600]))
        for answer in (announced, chunked):
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "request_too_large"
            assert "1000 bytes" in answer.json()["error"]["message"]


def test_the_limit_is_20_mib(gateway: Gateway) -> None:
    body = BODY | {"padding": "x" * (20 * 2**20 - 1000)}
    assert gateway.http().post(CHAT_PATH, json=body).status_code == 200


def test_live_and_ready_need_no_key(gateway: Gateway) -> None:
    client = gateway.http(None)
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").json() == {"status": "ok"}


def test_the_service_is_ready_when_its_pinned_models_are(tmp_path: Path) -> None:
    workers = ScriptedWorkers(pinned_ready=False)
    with serving(tmp_path, workers=workers) as gateway:
        answer = gateway.http(None).get("/health/ready")
        assert answer.status_code == 503
        assert answer.json() == {"status": "starting", "waiting_for": [CHAT]}
        workers.pinned_ready = True
        assert gateway.http(None).get("/health/ready").status_code == 200


def test_no_other_origin_is_allowed(gateway: Gateway) -> None:
    answer = gateway.http().get("/v1/models", headers={"origin": "https://elsewhere.test"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_host_header_that_is_no_host_is_400(gateway: Gateway) -> None:
    answer = gateway.http().get("/v1/models", headers={"host": "not a host"})
    assert answer.status_code == 400


def test_a_refusal_reaches_a_client_that_is_still_sending(gateway: Gateway) -> None:
    for token, status in ((None, 401), ("", 413)):
        answer = gateway.http(token).post(CHAT_PATH, content=b"x" * (25 * 2**20))
        assert answer.status_code == status
