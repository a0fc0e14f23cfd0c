"""Whatever a caller sends, the answer is his mistake or an answer: never a 500."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.bodies import CHAT_BODY, COMPLETION_BODY, EMBEDDING_BODY, JSON
from tests.gateway.serving import Gateway, serving

fuzzed = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    path: Path = tmp_path_factory.mktemp("fuzz")
    with serving(path) as running:
        yield running


def _is_sound(gateway: Gateway, path: str, content: bytes) -> None:
    client = gateway.shared()
    answer = client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {200, 400, 403, 404, 410, 503}, answer.text
    if answer.status_code == 200:
        assert "error" not in answer.text
    else:
        error = answer.json()["error"]
        assert error["message"]
        assert set(error) == {"message", "type", "param", "code"}
    assert gateway.workers.leases == 0


@fuzzed
@given(CHAT_BODY)
def test_a_chat_is_answered_or_refused(gateway: Gateway, body: Any) -> None:
    _is_sound(gateway, "/v1/chat/completions", json.dumps(body).encode())


@fuzzed
@given(COMPLETION_BODY)
def test_a_completion_is_answered_or_refused(gateway: Gateway, body: Any) -> None:
    _is_sound(gateway, "/v1/completions", json.dumps(body).encode())


@fuzzed
@given(EMBEDDING_BODY)
def test_an_embedding_is_answered_or_refused(gateway: Gateway, body: Any) -> None:
    _is_sound(gateway, "/v1/embeddings", json.dumps(body).encode())


@fuzzed
@given(JSON.map(json.dumps).map(str.encode) | st.binary(max_size=50))
def test_any_bytes_are_refused(gateway: Gateway, content: bytes) -> None:
    _is_sound(gateway, "/v1/chat/completions", content)
