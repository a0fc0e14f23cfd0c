"""The gateway with worker processes and the stand-in weights the project makes itself."""

import base64
import math
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from tests.gateway.a_bundle import ALIAS, CHAT, DEPRECATED, EMBEDDING, REASONING
from tests.gateway.bodies import CHAT_BODY
from tests.gateway.serving import Gateway, serving_stand_ins
from tests.gateway.test_metering import entries
from tests.recordings import recording

from llmaas.accounts import LedgerEntry

QUESTION: Any = [{"role": "user", "content": "Why is the sky blue?"}]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving_stand_ins(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def test_every_callable_model_answers(gateway: Gateway) -> None:
    client = gateway.openai()
    for model in client.models.list():
        extra: Any = model.model_extra
        if "embeddings" in extra["endpoints"]:
            assert client.embeddings.create(model=model.id, input="blue").data
        elif "audio.transcriptions" in extra["endpoints"]:
            said = client.audio.transcriptions.create(model=model.id, file=recording(1))
            assert said.text
        else:
            answer = client.chat.completions.create(model=model.id, messages=QUESTION, max_tokens=8)
            assert answer.usage is not None
            assert 0 < answer.usage.completion_tokens <= 8


def test_an_answer_says_what_computed_it_and_that_it_is_a_stand_in(gateway: Gateway) -> None:
    answer = gateway.http().post(
        "/v1/chat/completions", json={"model": ALIAS, "messages": QUESTION, "max_tokens": 4}
    )
    body = answer.json()
    assert body["model"] == CHAT
    assert body["backend"] == {"engine_type": "llama.cpp", "machine_name": "here"}
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["prompt_tokens"] > 0
    assert answer.headers["x-llmaas-stand-in"] == "true"


@pytest.mark.parametrize(
    ("value", "param"),
    [
        (["fits", "blue " * 9000], "input[1]"),
        ("blue " * 9000, "input"),
        (["blue " * 9000], "input"),
        ([[1], [9999999]], "input[1]"),
        ([9999999], "input"),
    ],
)
def test_the_input_that_cannot_be_embedded_is_named(
    gateway: Gateway, value: Any, param: str
) -> None:
    body = {"model": EMBEDDING, "input": value}
    error = gateway.http().post("/v1/embeddings", json=body).json()["error"]
    assert error["param"] == param


def test_the_same_seed_gives_the_same_text_streamed_or_not(gateway: Gateway) -> None:
    client = gateway.openai()
    common: Any = {"model": CHAT, "messages": QUESTION, "max_tokens": 24, "seed": 7}
    whole = client.chat.completions.create(**common)
    chunks = list(
        client.chat.completions.create(
            **common, stream=True, stream_options={"include_usage": True}
        )
    )
    streamed = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert streamed == whole.choices[0].message.content
    assert chunks[-1].usage is not None
    assert whole.usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


def test_a_reasoning_model_tells_its_thoughts_apart(gateway: Gateway) -> None:
    answer = gateway.openai().chat.completions.create(
        model=REASONING, messages=QUESTION, max_tokens=256
    )
    message: Any = answer.choices[0].message
    assert message.reasoning_content
    assert "<think>" not in (message.content or "")
    assert answer.usage is not None
    details = answer.usage.completion_tokens_details
    assert details is not None
    assert 0 < (details.reasoning_tokens or 0) <= answer.usage.completion_tokens


def test_a_stop_string_ends_the_text_and_is_not_part_of_it(gateway: Gateway) -> None:
    client = gateway.openai()
    free = client.completions.create(model=CHAT, prompt="Once", max_tokens=40, temperature=0)
    text = free.choices[0].text
    stop = text[len(text) // 2 :][:3]
    assert stop
    stopped = client.completions.create(
        model=CHAT, prompt="Once", max_tokens=40, temperature=0, stop=[stop]
    )
    assert stopped.choices[0].text == text[: text.index(stop)]
    assert stopped.choices[0].finish_reason == "stop"


def test_an_embedding_has_768_dimensions_and_length_1_in_both_encodings(gateway: Gateway) -> None:
    client = gateway.http()
    body = {"model": EMBEDDING, "input": ["The sky is blue.", "Le ciel est bleu."]}
    floats = client.post("/v1/embeddings", json=body).json()["data"]
    packed = client.post("/v1/embeddings", json=body | {"encoding_format": "base64"}).json()
    for one, other in zip(floats, packed["data"], strict=True):
        vector = one["embedding"]
        assert len(vector) == 768
        assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-4)
        assert struct.unpack("<768f", base64.b64decode(other["embedding"])) == pytest.approx(
            vector, abs=1e-5
        )
    assert floats[0]["embedding"] != floats[1]["embedding"]


def test_a_prompt_beyond_the_served_context_is_refused_with_both_numbers(
    gateway: Gateway,
) -> None:
    long: Any = [{"role": "user", "content": "sky " * 3000}]
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as refused:
            gateway.openai().chat.completions.create(model=DEPRECATED, messages=long, stream=stream)
        assert refused.value.code == "context_length_exceeded"
        assert "512 tokens" in refused.value.message


def test_an_image_is_refused_by_a_model_that_does_not_see(gateway: Gateway) -> None:
    image: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    with pytest.raises(openai.BadRequestError):
        gateway.openai().chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": [image]}]
        )


def test_a_client_that_leaves_gives_the_worker_back(gateway: Gateway) -> None:
    body = {"model": CHAT, "messages": QUESTION, "max_tokens": 400, "stream": True, "n": 2}
    for _ in range(6):
        with gateway.http().stream("POST", "/v1/chat/completions", json=body) as answer:
            next(answer.iter_lines())
    short = body | {"stream": False, "max_tokens": 4}
    assert gateway.http().post("/v1/chat/completions", json=short).status_code == 200


def of_request(gateway: Gateway, request_id: str) -> list[LedgerEntry]:
    """What the ledger has of it, soon after its client has gone."""
    for _ in range(300):
        if found := [e for e in entries(gateway) if e.request.request_id == request_id]:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing was settled")


@pytest.mark.parametrize("resets", [False, True])
def test_a_connection_that_breaks_mid_stream_is_billed_for_what_was_produced(
    gateway: Gateway, resets: bool
) -> None:
    body = {"model": CHAT, "messages": QUESTION, "stream": True, "max_tokens": 400}
    content = msgspec.json.encode(body | {"ignore_eos": True})
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\n"
            f"authorization: Bearer {gateway.token}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\n\r\n"
        )
        connection.sendall(head.encode() + content)
        seen = b""
        while seen.count(b"data: ") < 6:  # the role, and five pieces of text
            seen += connection.recv(4096)
        if resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    found = re.search(rb"x-request-id: (\S+)", seen)
    assert found is not None
    (entry,) = of_request(gateway, found[1].decode())
    assert entry.outcome == "cancelled"
    assert entry.usage.prompt_tokens > 0
    assert 5 <= entry.usage.completion_tokens < 400
    assert gateway.accounts.book.held == frozenset()
    (pool,) = [status for status in gateway.workers.status() if status.pool == CHAT]
    assert pool.leases == 0


def test_several_streams_at_once_all_end(gateway: Gateway) -> None:
    found: list[str] = []

    def ask() -> None:
        stream = gateway.openai().chat.completions.create(
            model=CHAT, messages=QUESTION, max_tokens=16, stream=True
        )
        found.append([c.choices[0].finish_reason for c in stream if c.choices][-1] or "")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) <= {"stop", "length"}


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(CHAT_BODY)
def test_no_request_makes_a_worker_fail(gateway: Gateway, body: Any) -> None:
    limited = {"messages": QUESTION} | body | {"model": CHAT, "max_completion_tokens": 2}
    answer = gateway.shared().post("/v1/chat/completions", json=limited)
    assert answer.status_code in {200, 400, 503}, answer.text
    assert '"server_error"' not in answer.text
