"""Limits, bills and the audit trail, as clients over a socket meet them."""

import asyncio
import errno
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from tests.gateway.a_bundle import CHAT, EMBEDDING, make_bundle
from tests.gateway.scripted_workers import ScriptedWorkers, Step, answering
from tests.gateway.serving import NOW, Gateway, serving

from llmaas.accounts import Access, LedgerEntry, LimiterUnavailableError, Quota, ledger
from llmaas.accounts import audit as audit_trail
from llmaas.workers import Delta, Failed, Started, Usage

HELLO = [{"role": "user", "content": "Hello!"}]
SECRET_WORD = "Zwetschgendatschi"


def ask(client: httpx.Client, **options: Any) -> httpx.Response:
    body = {"model": CHAT, "messages": HELLO, "max_tokens": 50} | options
    return client.post("/v1/chat/completions", json=body)


def entries(gateway: Gateway) -> list[LedgerEntry]:
    """What is in the ledger, when everything that was settled is on disk."""
    store = gateway.accounts.store
    store.write(lambda _: None)
    return store.read(lambda d: ledger.entries_of(d, "default", "2025-11"))


def trail(gateway: Gateway) -> list[Access]:
    store = gateway.accounts.store
    store.write(lambda _: None)
    lines = store.read(lambda database: list(audit_trail.read(database)))
    return [line.record for line in lines if isinstance(line.record, Access)]


def eventually(gateway: Gateway, count: int) -> list[LedgerEntry]:
    """What is settled after a client has gone is settled soon."""
    for _ in range(300):
        found = entries(gateway)
        if len(found) == count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{len(found)} entries instead of {count}")


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_in_the_ledger_when_its_client_has_it(gateway: Gateway, stream: bool) -> None:
    answer = ask(gateway.shared(), stream=stream)
    assert answer.status_code == 200
    (entry,) = gateway.accounts.store.read(
        lambda database: ledger.entries_of(database, "default", "2025-11")
    )
    assert entry.request.request_id == answer.headers["x-request-id"]
    assert (entry.usage.prompt_tokens, entry.usage.completion_tokens) == (7, 2)
    assert entry.request.model == CHAT
    assert entry.request.endpoint == "chat.completions"
    assert entry.outcome == "completed"


def test_an_embedding_is_billed_for_its_input(gateway: Gateway) -> None:
    gateway.shared().post("/v1/embeddings", json={"model": EMBEDDING, "input": ["a", "b"]})
    (entry,) = entries(gateway)
    assert (entry.usage.prompt_tokens, entry.usage.completion_tokens) == (6, 0)
    assert entry.request.endpoint == "embeddings"


def test_several_choices_are_one_entry_with_their_prompt_counted_once(gateway: Gateway) -> None:
    ask(gateway.shared(), n=3)
    (entry,) = entries(gateway)
    assert (entry.usage.prompt_tokens, entry.usage.completion_tokens) == (7, 6)


def test_an_hour_that_is_used_up_is_a_429_that_says_when_to_come_back(gateway: Gateway) -> None:
    _, token = gateway.create_key(quota=Quota(output_tokens_per_hour=51))
    client = gateway.http(token)
    first = ask(client)
    assert first.status_code == 200
    assert first.headers["x-ratelimit-limit-tokens"] == "51"
    assert first.headers["x-ratelimit-remaining-tokens"] == "49"
    assert int(first.headers["x-ratelimit-reset-tokens"]) == NOW + 3601
    refused = ask(client)
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["code"], error["type"]) == ("rate_limit_exceeded", "rate_limit_error")
    assert "51 per hour of this API key, 49 are left" in error["message"]
    assert refused.headers["retry-after"] == "3601"
    assert refused.headers["x-ratelimit-remaining-tokens"] == "49"
    assert ask(client, max_tokens=49).status_code == 200
    assert len(gateway.workers.generated) == 2


def test_a_request_larger_than_its_limit_is_not_told_to_try_again(gateway: Gateway) -> None:
    _, token = gateway.create_key(quota=Quota(output_tokens_per_day=10))
    client = gateway.openai(token).with_options(max_retries=5)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=11)  # type: ignore[arg-type]
    assert "retry-after" not in caught.value.response.headers
    assert len(trail(gateway)) == 1


def test_requests_are_limited_by_the_minute(gateway: Gateway) -> None:
    _, token = gateway.create_key(quota=Quota(requests_per_minute=2))
    client = gateway.http(token)
    assert ask(client).headers["x-ratelimit-remaining-requests"] == "1"
    answer = ask(client)
    assert answer.headers["x-ratelimit-limit-requests"] == "2"
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    assert int(answer.headers["x-ratelimit-reset-requests"]) == NOW + 61
    refused = ask(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "61")
    assert refused.json()["error"]["message"].endswith(
        "The limit of 2 requests per minute of this API key is reached. Try again in 61 s."
    )


def test_credit_that_is_used_up_is_insufficient_quota(gateway: Gateway) -> None:
    administration = gateway.accounts.administration
    tier = make_bundle().tiers[0]
    administration.create_tenant("acme", "ACME", tier, Quota(), actor="a test")
    administration.credit("acme", Decimal("-199.9999"), "correction", actor="a test")
    _, token = gateway.create_key(tenant="acme")
    refused = ask(gateway.http(token))
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["code"], error["type"]) == ("insufficient_quota", "insufficient_quota")
    assert "Add credit" in error["message"]
    assert refused.headers["x-should-retry"] == "false"
    administration.credit("acme", Decimal(1), "invoice", actor="a test")
    assert ask(gateway.http(token)).status_code == 200


def test_a_key_for_one_operation_uses_no_other(gateway: Gateway) -> None:
    _, token = gateway.create_key(endpoints=frozenset({"embeddings"}))
    client = gateway.http(token)
    refused = ask(client)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "endpoint_not_permitted"
    body = {"model": EMBEDDING, "input": "a"}
    assert client.post("/v1/embeddings", json=body).status_code == 200


def test_the_worker_knows_whose_a_request_is_so_that_tenants_share_nothing(
    gateway: Gateway,
) -> None:
    key, token = gateway.create_key()
    ask(gateway.http(token), n=2)
    assert [(g.tenant, g.owner) for g in gateway.workers.generated] == [("default", key.id)] * 2


def test_without_limits_no_header_invents_one(gateway: Gateway) -> None:
    assert not [name for name in ask(gateway.shared()).headers if name.startswith("x-ratelimit")]


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose worker says one word and then nothing until it is cancelled."""
    forever = asyncio.Event()
    script = [Started(0, 7), Delta(0, content="Hello"), forever.wait]
    with serving(tmp_path, workers=ScriptedWorkers(script)) as running:  # type: ignore[arg-type]
        yield running


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_produced_for_a_client_that_left_is_due(endless: Gateway, stream: bool) -> None:
    body = {"model": CHAT, "messages": HELLO, "stream": stream}
    client = endless.http()
    client.timeout = httpx.Timeout(0.5)
    with (
        pytest.raises(httpx.ReadTimeout),
        client.stream("POST", "/v1/chat/completions", json=body) as answer,
    ):
        answer.read()
    client.close()
    (entry,) = eventually(endless, 1)
    assert (entry.usage.prompt_tokens, entry.usage.completion_tokens) == (7, 1)
    assert entry.outcome == "cancelled"
    assert endless.accounts.book.held == frozenset()
    assert [record.status for record in trail(endless)] == [499]


def test_a_client_that_left_owes_what_the_worker_had_produced_when_it_stopped(
    endless: Gateway,
) -> None:
    endless.workers.settled = Usage(prompt_tokens=7, completion_tokens=5, reasoning_tokens=2)
    body = {"model": CHAT, "messages": HELLO, "stream": True, "n": 2}
    client = endless.http()
    with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        next(answer.iter_lines())
    client.close()
    (entry,) = eventually(endless, 1)
    assert (entry.usage.prompt_tokens, entry.usage.completion_tokens) == (7, 10)
    assert entry.usage.reasoning_tokens == 4
    assert entry.outcome == "cancelled"


def test_a_stream_the_worker_breaks_is_due_as_far_as_it_came(tmp_path: Path) -> None:
    script: list[Step] = [Started(0, 7), Delta(0, content="a"), Failed(0, "internal_error", "died")]
    with serving(tmp_path, workers=ScriptedWorkers(script)) as gateway:
        assert b'"error"' in ask(gateway.shared(), stream=True).content
        (entry,) = eventually(gateway, 1)
        assert (entry.usage.completion_tokens, entry.outcome) == (1, "broken")
        assert ask(gateway.shared()).status_code == 500
        assert len(entries(gateway)) == 1, "an answer nobody got is billed"
        assert gateway.accounts.book.held == frozenset()


def test_a_worker_that_writes_more_than_was_asked_is_not_billed_for_it(tmp_path: Path) -> None:
    workers = ScriptedWorkers(answering(*"abcdef"))
    with serving(tmp_path, workers=workers) as gateway:
        assert ask(gateway.shared(), max_tokens=4).status_code == 200
        (entry,) = entries(gateway)
        assert entry.usage.completion_tokens == 4


def test_every_access_is_in_the_audit_trail_with_its_verdict(gateway: Gateway) -> None:
    key, token = gateway.create_key(models=frozenset({CHAT}))
    client = gateway.http(token)
    answers = [
        ask(client),
        ask(client, model=EMBEDDING),
        client.get("/v1/models"),
        gateway.http(None).get("/v1/models"),
    ]
    found = trail(gateway)
    assert [record.request_id for record in found] == [a.headers["x-request-id"] for a in answers]
    assert [record.status for record in found] == [200, 403, 200, 401]
    assert [record.code for record in found] == [
        None,
        "model_not_permitted",
        None,
        "invalid_api_key",
    ]
    assert [record.key for record in found] == [key.id, key.id, key.id, None]
    assert (found[0].operation, found[0].model) == ("createChatCompletion", CHAT)
    assert (found[0].prompt_tokens, found[0].completion_tokens) == (7, 2)


def test_no_byte_of_a_prompt_or_an_answer_reaches_the_disk(tmp_path: Path) -> None:
    workers = ScriptedWorkers(answering("Pflaumen", "kuchen"))
    with serving(tmp_path, workers=workers) as gateway:
        for stream in (False, True):
            messages = [{"role": "user", "content": f"{SECRET_WORD}?"}]
            ask(gateway.shared(), messages=messages, stream=stream, user=SECRET_WORD)
        client = gateway.shared()
        client.post("/v1/completions", json={"model": CHAT, "prompt": SECRET_WORD})
        client.post("/v1/embeddings", json={"model": EMBEDDING, "input": SECRET_WORD})
        client.post("/v1/chat/completions", json={"model": SECRET_WORD, "messages": HELLO})
        client.get(f"/v1/models/{SECRET_WORD}")
        entries(gateway)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert any(path.name == "accounts.db-wal" for path in files)
        for path in files:
            content = path.read_bytes()
            for word in (SECRET_WORD, "Pflaumen", "kuchen"):
                assert word.encode() not in content, f"{word} is in {path.name}"


@pytest.mark.parametrize("stream", [False, True])
def test_no_client_has_the_end_before_its_usage_is_on_disk(tmp_path: Path, stream: bool) -> None:
    with serving(tmp_path, workers=ScriptedWorkers(answering("Hi"))) as gateway:
        disk = threading.Event()
        held = threading.Thread(
            target=gateway.accounts.store.write, args=(lambda _: disk.wait(30),), daemon=True
        )
        held.start()
        with ThreadPoolExecutor(1) as elsewhere:
            answered = elsewhere.submit(ask, gateway.shared(), stream=stream)
            with pytest.raises(TimeoutError):
                answered.result(0.3)
            disk.set()
            assert answered.result(30).status_code == 200
        held.join()
        assert len(entries(gateway)) == 1


def test_only_who_reads_pieces_gets_them_from_the_worker(tmp_path: Path) -> None:
    workers = ScriptedWorkers(answering("Hi"))
    with serving(tmp_path, workers=workers) as gateway:
        for options in ({}, {"stream": True}, {"logprobs": True}):
            assert ask(gateway.shared(), **options).status_code == 200
    assert [request.whole for request in workers.generated] == [True, False, False]


async def _away(*_: object, **__: object) -> None:
    raise LimiterUnavailableError("the shared book does not answer")


def test_a_request_is_told_to_come_back_while_nobody_can_say_what_is_left(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.accounts.limiter, "reserve", _away)
    answer = ask(gateway.shared())
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "service_unavailable"
    assert int(answer.headers["retry-after"]) > 0


def test_an_answer_that_is_paid_for_arrives_without_the_headers_nobody_can_tell(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.accounts.limiter, "remaining", _away)
    answer = ask(gateway.shared())
    assert answer.status_code == 200
    assert "x-ratelimit-remaining-tokens" not in answer.headers


def test_a_full_disk_ends_a_stream_and_holds_nothing_for_ever(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(gateway.accounts.journal, "produced", full)
    answer = ask(gateway.shared(), stream=True)
    assert "[DONE]" not in answer.text
    for _ in range(300):
        if not gateway.accounts.limiter.held:
            break
        time.sleep(0.02)
    assert gateway.accounts.limiter.held == frozenset()
