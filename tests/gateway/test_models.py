from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openai
import pytest
from tests.gateway.a_bundle import (
    ALIAS,
    CHAT,
    DEPRECATED,
    EMBEDDING,
    END_OF_SUPPORT,
    NOT_DEPLOYED,
    REASONING,
    RETIRED,
    TRANSCRIPTION,
    UPCOMING,
)
from tests.gateway.serving import Gateway, serving


def test_the_list_has_what_can_be_called_in_the_order_of_the_catalogue(gateway: Gateway) -> None:
    listed = [model.id for model in gateway.openai().models.list()]
    assert listed == [CHAT, REASONING, EMBEDDING, TRANSCRIPTION, DEPRECATED, END_OF_SUPPORT]


def test_a_model_object_has_the_fields_of_the_service(gateway: Gateway) -> None:
    model = gateway.http().get(f"/v1/models/{DEPRECATED}").json()
    released = int(datetime(2025, 6, 13, tzinfo=ZoneInfo("Europe/Paris")).timestamp())
    permission = model.pop("permission")
    assert model == {
        "id": DEPRECATED,
        "object": "model",
        "created": released,
        "owned_by": "Example",
        "root": f"example/{DEPRECATED}",
        "parent": None,
        "aliases": [],
        "max_model_len": 512,
        "context_tokens": 128_000,
        "endpoints": ["chat.completions", "completions"],
        "capabilities": [],
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "phase": "deprecated",
        "stability": "stable",
        "released_on": "2025-06-13",
        "support_ends_on": None,
        "deprecated_on": "2025-11-21",
        "removed_on": "2026-03-01",
        "successor": CHAT,
        "stand_in": False,
    }
    (only,) = permission
    assert only["id"] == f"modelperm-{DEPRECATED}-{released}"
    assert set(only) == {
        "id",
        "object",
        "created",
        "allow_create_engine",
        "allow_sampling",
        "allow_logprobs",
        "allow_search_indices",
        "allow_view",
        "allow_fine_tuning",
        "organization",
        "group",
        "is_blocking",
    }


@pytest.mark.parametrize("path", ["granite3.3:8b", "granite3.3%3A8b", ALIAS, "granite3.3:8b/"])
def test_a_model_is_found_by_id_encoded_or_not_and_by_alias(gateway: Gateway, path: str) -> None:
    assert gateway.http().get(f"/v1/models/{path}").json()["id"] == CHAT


def test_the_official_client_retrieves_a_model(gateway: Gateway) -> None:
    assert gateway.openai().models.retrieve(CHAT).id == CHAT


def test_stand_in_weights_are_told_in_the_object_and_by_a_header(gateway: Gateway) -> None:
    answer = gateway.http().get(f"/v1/models/{REASONING}")
    assert answer.json()["stand_in"] is True
    assert answer.headers["x-llmaas-stand-in"] == "true"
    assert "x-llmaas-stand-in" not in gateway.http().get(f"/v1/models/{CHAT}").headers


def test_a_key_with_a_scope_sees_its_models_only(gateway: Gateway) -> None:
    _, token = gateway.create_key(models=frozenset({EMBEDDING, RETIRED}))
    assert [model.id for model in gateway.openai(token).models.list()] == [EMBEDDING]
    with pytest.raises(openai.PermissionDeniedError) as refused:
        gateway.openai(token).models.retrieve(CHAT)
    assert refused.value.code == "model_not_permitted"


@pytest.mark.parametrize(
    ("model", "status", "code", "says"),
    [
        (RETIRED, 410, "model_retired", f"retired on 2025-11-24. Use '{CHAT}' instead"),
        (UPCOMING, 404, "model_not_released", "2025-12-01"),
        (NOT_DEPLOYED, 503, "model_not_deployed", f"llmaas pull {NOT_DEPLOYED}"),
        ("granite3.3:8", 404, "model_not_found", f"Did you mean '{CHAT}'?"),
        ("Granite3.3", 404, "model_not_found", f"Did you mean '{CHAT}'?"),
        ("zzz", 404, "model_not_found", "GET /v1/models lists"),
        ("a/b/c", 404, "model_not_found", "'a/b/c' does not exist"),
    ],
)
def test_a_model_that_cannot_be_called_answers_why(
    gateway: Gateway, model: str, status: int, code: str, says: str
) -> None:
    for answer in (
        gateway.http().get(f"/v1/models/{model}"),
        gateway.http().post(
            "/v1/chat/completions",
            json={"model": model, "messages": [{"role": "user", "content": "Hi"}]},
        ),
    ):
        error = answer.json()["error"]
        assert answer.status_code == status
        assert error["code"] == code
        assert error["param"] == "model"
        assert says in error["message"]


def test_the_official_client_does_not_repeat_a_call_to_a_model_without_weights(
    gateway: Gateway,
) -> None:
    client = gateway.openai().with_options(max_retries=5)
    with pytest.raises(openai.InternalServerError) as refused:
        client.models.retrieve(NOT_DEPLOYED)
    assert refused.value.response.headers["x-should-retry"] == "false"


def test_a_retired_model_answers_410_with_its_successor(gateway: Gateway) -> None:
    error = gateway.http().get(f"/v1/models/{RETIRED}").json()["error"]
    assert error["successor"] == CHAT
    assert error["type"] == "invalid_request_error"


def test_a_deprecated_model_tells_deprecation_sunset_and_links(tmp_path: Path) -> None:
    with serving(tmp_path, docs_dir=tmp_path) as gateway:
        headers = gateway.http().get(f"/v1/models/{DEPRECATED}").headers
    zone = ZoneInfo("Europe/Paris")
    deprecated = int(datetime(2025, 11, 21, tzinfo=zone).timestamp())
    removed = datetime(2026, 3, 1, tzinfo=zone).astimezone(UTC)
    assert headers["deprecation"] == f"@{deprecated}"
    assert headers["sunset"] == removed.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert headers["sunset"] == "Sat, 28 Feb 2026 23:00:00 GMT"
    assert headers["link"] == (
        '</v1/models/granite3.3:8b>; rel="successor-version", '
        '</docs/models/gemma3-12b/>; rel="deprecation"; type="text/html"'
    )


def test_a_model_past_its_support_is_deprecated_since_then_without_a_sunset(
    gateway: Gateway,
) -> None:
    headers = gateway.http().get(f"/v1/models/{END_OF_SUPPORT}").headers
    ended = int(datetime(2025, 11, 24, tzinfo=ZoneInfo("Europe/Paris")).timestamp())
    assert headers["deprecation"] == f"@{ended}"
    assert "sunset" not in headers
    assert headers["link"] == '</v1/models/qwen3:14b>; rel="successor-version"'


def test_a_model_in_production_has_no_lifecycle_headers(gateway: Gateway) -> None:
    headers = gateway.http().get(f"/v1/models/{CHAT}").headers
    assert not {"deprecation", "sunset", "link"} & set(headers)


def test_the_day_decides_not_the_bundle(tmp_path: Path) -> None:
    days = iter([date(2025, 11, 30), date(2025, 12, 1)])
    with serving(tmp_path, today=lambda: next(days)) as gateway:
        client = gateway.http()
        assert client.get(f"/v1/models/{UPCOMING}").status_code == 404
        assert client.get(f"/v1/models/{UPCOMING}").json()["phase"] == "production"
