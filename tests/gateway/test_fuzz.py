"""Whatever a caller sends, the answer is his mistake or an answer: never a 500."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.bodies import (
    CHAT_BODY,
    CHAT_OPTIONAL,
    CHAT_REQUIRED,
    COMPLETION_BODY,
    COMPLETION_OPTIONAL,
    COMPLETION_REQUIRED,
    EMBEDDING_BODY,
    EMBEDDING_OPTIONAL,
    EMBEDDING_REQUIRED,
    JSON,
    MESSAGE_FIELDS,
)
from tests.gateway.serving import Gateway, serving

from llmaas.gateway.wire import AssistantMessage, ChatRequest, CompletionRequest
from llmaas.gateway.wire.messages import ToolMessage, UserMessage
from llmaas.gateway.wire.requests import EmbeddingRequest

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


def _is_sound(
    gateway: Gateway, path: str, content: bytes, content_type: str = "application/json"
) -> None:
    client = gateway.shared()
    answer = client.post(path, content=content, headers={"content-type": content_type})
    assert answer.status_code in {200, 400, 403, 404, 410, 413, 415, 503}, answer.text
    if answer.status_code == 200:
        assert "error" not in answer.text
    else:
        error = answer.json()["error"]
        assert error["message"]
        assert set(error) == {"message", "type", "param", "code"}
    assert gateway.workers.leases == 0


@pytest.mark.parametrize(
    ("tried", "request_type"),
    [
        (CHAT_REQUIRED | CHAT_OPTIONAL, ChatRequest),
        (COMPLETION_REQUIRED | COMPLETION_OPTIONAL, CompletionRequest),
        (EMBEDDING_REQUIRED | EMBEDDING_OPTIONAL, EmbeddingRequest),
        (MESSAGE_FIELDS, UserMessage),
        (MESSAGE_FIELDS, AssistantMessage),
        (MESSAGE_FIELDS, ToolMessage),
    ],
)
def test_every_field_of_a_request_is_tried(
    tried: dict[str, Any], request_type: type[msgspec.Struct]
) -> None:
    assert set(request_type.__struct_fields__) <= set(tried)


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


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n'
    b'--b\r\nContent-Disposition: form-data; name="temperature"\r\n\r\n0.5\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nsound\r\n'
    b"--b--\r\n"
)


@fuzzed
@given(
    at=st.integers(0, len(FORM)),
    cut=st.integers(0, 60),
    put=st.binary(max_size=40),
    content_type=st.sampled_from(
        ["multipart/form-data; boundary=b", 'multipart/form-data; boundary="b\\', "multipart/mixed"]
    ),
)
def test_any_form_is_answered(
    gateway: Gateway, at: int, cut: int, put: bytes, content_type: str
) -> None:
    body = FORM[:at] + put + FORM[at + cut :]
    _is_sound(gateway, "/v1/audio/transcriptions", body, content_type)


@fuzzed
@given(
    name=st.sampled_from(
        [
            "model",
            "language",
            "prompt",
            "response_format",
            "temperature",
            "task",
            "stream",
            "file",
            "[]",
            "_",
            "timestamp_granularities[]",
            "timestamp_granularities",
        ]
    ),
    value=st.text(max_size=30) | st.sampled_from(["whisper", "1e999", "nan", "true", "word"]),
)
def test_any_field_of_a_form_is_answered(gateway: Gateway, name: str, value: str) -> None:
    part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    body = part.encode("utf-8", "surrogatepass") + FORM
    _is_sound(gateway, "/v1/audio/transcriptions", body, "multipart/form-data; boundary=b")
