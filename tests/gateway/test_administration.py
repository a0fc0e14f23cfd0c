"""What operators see, and the stamp by which anyone tells which catalogue answered."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.a_bundle import CHAT
from tests.gateway.serving import Gateway, serving

from llmaas.gateway import CATALOGUE, Refusal, Version

BEFORE = Version("b" * 64, "0.1.0", datetime(2025, 11, 1, tzinfo=UTC))
NOW = Version("0123456789abcdef" * 4, "0.2.0", datetime(2025, 11, 24, 8, tzinfo=UTC), BEFORE)
TOKEN = "for-operators"


def _bundle(gateway: Gateway, token: str) -> Any:
    return gateway.http(token).get("/admin/v1/bundle")


def test_an_operator_sees_what_is_served_since_when_and_what_was_before(tmp_path: Path) -> None:
    with serving(tmp_path, version=NOW, admin_token=TOKEN) as gateway:
        answer = _bundle(gateway, TOKEN)
        assert answer.status_code == 200
        assert answer.json() == {
            "object": "bundle",
            "catalogue_sha256": NOW.catalogue_sha256,
            "program_version": "0.2.0",
            "serving_since": "2025-11-24T08:00:00Z",
            "previous": {
                "catalogue_sha256": "b" * 64,
                "program_version": "0.1.0",
                "serving_since": "2025-11-01T00:00:00Z",
            },
            "refused": None,
        }


def test_an_operator_sees_the_last_bundle_that_was_refused(tmp_path: Path) -> None:
    refusal = Refusal("c" * 64, datetime(2025, 11, 24, 9, tzinfo=UTC), "it does not load")
    with serving(tmp_path, admin_token=TOKEN, refused=lambda: refusal) as gateway:
        assert _bundle(gateway, TOKEN).json()["refused"] == {
            "catalogue_sha256": "c" * 64,
            "refused_at": "2025-11-24T09:00:00Z",
            "reason": "it does not load",
        }


@pytest.mark.parametrize("admin_token", [TOKEN, None])
def test_nobody_else_sees_it(tmp_path: Path, admin_token: str | None) -> None:
    with serving(tmp_path, admin_token=admin_token) as gateway:
        for headers in ({}, {"authorization": f"Basic {TOKEN}"}):
            answer = gateway.http(None).get("/admin/v1/bundle", headers=headers)
            assert answer.status_code == 401
            assert "admin-token" in answer.json()["error"]["message"]
        for token in (gateway.token, "None", f"{TOKEN}x"):
            assert _bundle(gateway, token).status_code == 401


def test_every_answer_is_stamped_with_its_catalogue_errors_and_streams_too(tmp_path: Path) -> None:
    body: Any = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}]}
    with serving(tmp_path, version=NOW) as gateway:
        client = gateway.http()
        answers = [
            client.get("/health/live"),
            client.get("/v1/models"),
            client.get("/nowhere"),
            client.get("/"),
            client.delete("/v1/models"),
            client.post("/v1/chat/completions", json=body),
            client.post("/v1/chat/completions", json=body | {"stream": True}),
            client.post("/v1/chat/completions", json={"model": "unknown", "messages": []}),
            gateway.http(None).get("/v1/models"),
        ]
        assert {answer.headers[CATALOGUE] for answer in answers} == {"0123456789ab"}


def test_the_stamp_is_part_of_the_description_of_the_api(gateway: Gateway) -> None:
    document = gateway.http(None).get("/openapi.json").json()
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                assert CATALOGUE in answer["headers"]
    assert document["paths"]["/admin/v1/bundle"]["get"]["security"] == [{"admin": []}]
