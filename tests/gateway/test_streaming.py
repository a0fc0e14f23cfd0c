import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from tests.gateway.a_bundle import CHAT, DEPRECATED, EMBEDDING, REASONING
from tests.gateway.scripted_workers import ScriptedWorkers, answering
from tests.gateway.serving import NOW, Gateway, serving

from llmaas.workers import Delta, Failed, Started

QUESTION: Any = [{"role": "user", "content": "Say hello."}]


def body(**fields: Any) -> dict[str, Any]:
    return {"model": CHAT, "messages": QUESTION, "stream": True} | fields


def events(answer: httpx.Response) -> list[Any]:
    """Every `data:` line, decoded; `[DONE]` stays text."""
    texts = [line[6:] for line in answer.text.split("\n\n") if line.startswith("data: ")]
    return [text if text == "[DONE]" else json.loads(text) for text in texts]


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_stream_has_a_role_text_a_reason_and_an_end(gateway: Gateway) -> None:
    answer = gateway.http().post("/v1/chat/completions", json=body())
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    *chunks, done = events(answer)
    assert done == "[DONE]"
    (name,) = {chunk["id"] for chunk in chunks}
    assert name.startswith("chatcmpl-")
    for chunk in chunks:
        assert chunk["object"] == "chat.completion.chunk"
        assert (chunk["model"], chunk["created"]) == (CHAT, int(NOW))
        assert "usage" not in chunk
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [choice["delta"] for choice in choices] == [
        {"role": "assistant", "content": ""},
        {"content": "Hello"},
        {"content": " world"},
        {"content": ""},
    ]
    assert [choice["finish_reason"] for choice in choices] == [None, None, None, "stop"]
    assert chunks[0]["backend"] == {"engine_type": "scripted", "machine_name": "ma07"}


def test_usage_is_the_last_chunk_when_asked_for(gateway: Gateway) -> None:
    asked = body(stream_options={"include_usage": True})
    *chunks, last, done = events(gateway.http().post("/v1/chat/completions", json=asked))
    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens"] == 7
    assert last["usage"]["total_tokens"] == 9
    assert all(chunk["usage"] is None for chunk in chunks)


def test_null_in_the_stream_options_is_the_default(gateway: Gateway) -> None:
    asked = body(stream_options={"include_usage": None})
    *chunks, done = events(gateway.http().post("/v1/chat/completions", json=asked))
    assert done == "[DONE]"
    assert all("usage" not in chunk for chunk in chunks)


def test_the_official_client_streams(gateway: Gateway) -> None:
    gateway.workers.script = answering("Four", ".", reasoning="2 + 2")
    stream = gateway.openai().chat.completions.create(
        model=REASONING,
        messages=QUESTION,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "Four."
    thoughts = [getattr(delta, "reasoning_content", None) or "" for delta in deltas]
    assert "".join(thoughts) == "2 + 2"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3


def test_n_streamed_answers_each_have_their_role_and_their_end(gateway: Gateway) -> None:
    asked = body(n=2, stream_options={"include_usage": True})
    *chunks, last, _ = events(gateway.http().post("/v1/chat/completions", json=asked))
    for index in (0, 1):
        own = [c["choices"][0] for c in chunks if c["choices"][0]["index"] == index]
        assert own[0]["delta"]["role"] == "assistant"
        assert "".join(choice["delta"].get("content", "") for choice in own) == "Hello world"
        assert own[-1]["finish_reason"] == "stop"
    assert last["usage"]["prompt_tokens"] == 7
    assert last["usage"]["completion_tokens"] == 4


def test_a_stream_carries_lifecycle_and_stand_in_headers(gateway: Gateway) -> None:
    client = gateway.http()
    leaving = client.post("/v1/chat/completions", json=body(model=DEPRECATED))
    assert leaving.headers["deprecation"].startswith("@")
    assert leaving.headers["sunset"].endswith("GMT")
    standing_in = client.post("/v1/chat/completions", json=body(model=REASONING))
    assert standing_in.headers["x-llmaas-stand-in"] == "true"
    assert standing_in.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("failure", [Failed(0, "internal_error", "gone"), RuntimeError("a bug")])
def test_a_failure_after_the_first_byte_is_the_last_event(gateway: Gateway, failure: Any) -> None:
    gateway.workers.script = [Started(0, 7), Delta(0, content="Hel"), failure]
    received = events(gateway.http().post("/v1/chat/completions", json=body()))
    assert received[-1]["error"]["type"] == "server_error"
    assert "[DONE]" not in received
    with pytest.raises(openai.APIError):
        list(gateway.openai().chat.completions.create(model=CHAT, messages=QUESTION, stream=True))


def test_text_arrives_while_the_worker_still_works(gateway: Gateway) -> None:
    gate = asyncio.Event()
    gateway.workers.script = [*answering("Hello")[:2], gate.wait, *answering("")[2:]]
    with gateway.http().stream("POST", "/v1/chat/completions", json=body()) as answer:
        lines = answer.iter_lines()
        texts: list[str] = []
        while "Hello" not in "".join(texts):
            texts.append(next(lines))
        gateway.loop.call_soon_threadsafe(gate.set)
        assert "data: [DONE]" in list(lines)


def test_two_streams_run_at_the_same_time(gateway: Gateway) -> None:
    both = asyncio.Barrier(2)
    gateway.workers.script = [answering()[0], both.wait, *answering("Hello")[1:]]
    found: list[Any] = []

    def ask() -> None:
        found.append(events(gateway.http().post("/v1/chat/completions", json=body())))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [received[-1] for received in found] == ["[DONE]", "[DONE]"]


def test_a_silent_stream_is_kept_alive_with_comments(tmp_path: Path) -> None:
    gate = asyncio.Event()
    workers = ScriptedWorkers(script=[answering()[0], gate.wait, *answering("Hello")[1:]])
    with (
        serving(tmp_path, workers=workers, keep_alive_s=0.02) as gateway,
        gateway.http().stream("POST", "/v1/chat/completions", json=body()) as answer,
    ):
        lines = answer.iter_lines()
        while next(lines) != ": keep-alive":
            pass
        gateway.loop.call_soon_threadsafe(gate.set)
        assert "data: [DONE]" in list(lines)


def test_a_client_that_leaves_a_stream_stops_the_generation(gateway: Gateway) -> None:
    gateway.workers.script = [Started(0, 7), Delta(0, content="Hel"), forever]
    with gateway.http().stream("POST", "/v1/chat/completions", json=body()) as answer:
        next(answer.iter_lines())
    gateway.run(gateway.workers.cancelled.wait())


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/chat/completions", {"model": CHAT, "messages": QUESTION}),
        ("/v1/chat/completions", {"model": CHAT, "messages": QUESTION, "n": 3}),
        ("/v1/chat/completions", {"model": CHAT, "messages": QUESTION, "stream": True}),
        ("/v1/completions", {"model": CHAT, "prompt": "Hi"}),
        ("/v1/embeddings", {"model": EMBEDDING, "input": "Hi"}),
    ],
)
def test_a_client_that_leaves_before_the_answer_stops_the_work(
    gateway: Gateway, path: str, asked: dict[str, Any]
) -> None:
    reached = asyncio.Event()

    async def reach() -> None:
        reached.set()
        await forever()

    gateway.workers.script = [reach]

    async def leave() -> None:
        headers = {"authorization": f"Bearer {gateway.token}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
            request = asyncio.ensure_future(client.post(path, json=asked))
            await reached.wait()
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
        await gateway.workers.cancelled.wait()
        await gateway.workers.released.wait()

    gateway.run(leave())
