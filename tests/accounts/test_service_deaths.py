"""`kill -9` of a whole service, gateway or worker, under load: the ledger is what clients received.

The service is the command a user starts, with its workers, on either database. A few deaths each in
every run; `nox -s deaths` dies fifty times each (`LLMAAS_TEST_DEATHS`).
"""

import json
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tests.accounts.conftest import PARIS, Databases
from tests.cli.conftest import Up

from llmaas.accounts import Access, LedgerEntry, ledger
from llmaas.accounts import audit as audit_trail
from llmaas.accounts.accounts import Accounts
from llmaas.accounts.months import month_of
from llmaas.accounts.store import Store

DEATHS = int(os.environ.get("LLMAAS_TEST_DEATHS", "4"))
CUSTOMERS = 6
MODEL = "granite3.3:8b"
ON_THE_WAY = 64
"""Tokens that may be between the journal and the client when the gateway dies, in one stream."""


@dataclass
class Received:
    """What a client has of one request."""

    streams: bool
    tokens: int = 0
    end: str = "cut"
    """`done`: complete. `error`: the service said that it broke. `cut`: the connection ended."""


@dataclass
class Clients:
    """Customers that ask again and again, of whatever service is there."""

    received: dict[str, Received] = field(default_factory=dict)
    unanswered: int = 0
    """Requests of which nothing came back, so that nobody knows their id."""
    url: str = ""
    key: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    up: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def customer(self, seed: int) -> None:
        """One of them."""
        choice = random.Random(seed)
        while not self.stop.is_set():
            if not self.up.wait(0.1):
                continue
            with httpx.Client(
                base_url=self.url, headers={"authorization": f"Bearer {self.key}"}, timeout=60
            ) as client:
                while not self.stop.is_set() and self.up.is_set():
                    try:
                        self._ask(client, choice)
                    except httpx.HTTPError:
                        break
            time.sleep(0.02)

    def _ask(self, client: httpx.Client, choice: random.Random) -> None:
        streams = choice.random() < 0.7
        body: dict[str, Any] = {
            "model": MODEL,
            "messages": [{"role": "user", "content": f"Write {choice.random()} words."}],
            "max_tokens": choice.randint(5, 80),
            "seed": choice.randrange(10**6),
            "ignore_eos": True,
            "stream": streams,
        }
        if streams:
            body |= {"logprobs": True, "stream_options": {"include_usage": True}}
        got: Received | None = None
        try:
            with client.stream("POST", "/chat/completions", json=body) as answer:
                if answer.status_code != 200:
                    answer.read()
                    return
                got = Received(streams)
                with self.lock:
                    self.received[answer.headers["x-request-id"]] = got
                if streams:
                    _read_stream(answer, got)
                else:
                    got.tokens = json.loads(answer.read())["usage"]["completion_tokens"]
                    got.end = "done"
        finally:
            if got is None:
                with self.lock:
                    self.unanswered += 1


def _read_stream(answer: httpx.Response, got: Received) -> None:
    counted = 0
    for line in answer.iter_lines():
        if line == "data: [DONE]":
            got.end = "done"
        elif line.startswith('data: {"error"'):
            got.end = "error"
        elif line.startswith("data: "):
            chunk = json.loads(line[6:])
            if chunk.get("usage"):
                counted = chunk["usage"]["completion_tokens"]
            for each in chunk["choices"]:
                got.tokens += len((each.get("logprobs") or {}).get("content") or ())
    if got.end == "done":
        got.tokens = counted


def workers_of(service: Up) -> list[psutil.Process]:
    """The processes with the models."""
    return [each for each in service.children() if "llmaas.workers" in " ".join(each.cmdline())]


def settled(up: Up, clients: Clients) -> None:
    """Wait until something is being answered."""
    before = len(clients.received)
    for _ in range(600):
        if len(clients.received) > before + CUSTOMERS or up.process.poll() is not None:
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody is answered any more: {up.log.read_text()[-3000:]}")


@pytest.mark.timeout(3600)
def test_after_any_death_of_gateway_or_worker_the_ledger_is_what_clients_received(
    databases: Databases, tmp_path: Path
) -> None:
    place, state = databases(), tmp_path / "state"
    arguments = ["up", "--json", "--port", "0", "--no-docs", "--models", MODEL]
    arguments += ["--state-dir", str(state)]
    if not isinstance(place, Path):
        arguments += ["--database", place]
    clients, moments = Clients(), random.Random(20261121)
    threads = [threading.Thread(target=clients.customer, args=(seed,)) for seed in range(CUSTOMERS)]
    months = {month_of(_now_ms(), PARIS)}
    deaths: Counter[str] = Counter()
    for thread in threads:
        thread.start()
    try:
        while deaths.total() < DEATHS:
            up = Up(*arguments, cwd=tmp_path, log=tmp_path / "stderr.log")
            clients.url, clients.key = up.ready["base_url"], up.ready["api_key"]
            clients.up.set()
            settled(up, clients)
            if deaths["worker"] <= deaths["gateway"]:
                time.sleep(moments.uniform(0, 0.3))
                for worker in workers_of(up):
                    worker.kill()
                    deaths["worker"] += 1
                settled(up, clients)
            time.sleep(moments.uniform(0, 0.3))
            orphans = up.children()
            up.process.kill()
            deaths["gateway"] += 1
            clients.up.clear()
            up.process.wait(20)
            up.process.stdout.close()
            assert Up.gone(orphans, within_s=20), "a worker outlived its gateway"
    finally:
        clients.stop.set()
        clients.up.set()
        for thread in threads:
            thread.join(90)
    months.add(month_of(_now_ms(), PARIS))
    own = state / "accounts.db" if isinstance(place, Path) else place
    master = (state / "secret").read_bytes().strip()
    store = Store(own, master=master, clock_ms=_now_ms)
    accounts = Accounts(store, journals=state / "journals", time_zone=PARIS)
    try:
        _compare(accounts, clients, months)
    finally:
        accounts.close()
    assert list((state / "journals").iterdir()) == []


def _compare(accounts: Accounts, clients: Clients, months: set[str]) -> None:
    entries: list[LedgerEntry] = []
    for month in months:
        entries += accounts.store.read(
            lambda d, month=month: ledger.entries_of(d, "default", month)  # type: ignore[misc]
        )
    by_id = {entry.request.request_id: entry for entry in entries}
    assert len(by_id) == len(entries), "a request was billed twice"
    unknown = by_id.keys() - clients.received.keys()
    assert len(unknown) <= clients.unanswered, "billed, and nobody asked"
    for request_id, got in clients.received.items():
        entry = by_id.get(request_id)
        billed = 0 if entry is None else entry.usage.completion_tokens
        if got.end == "done":
            assert entry is not None, f"{request_id} was received and is not in the ledger"
            assert (entry.outcome, billed) == ("completed", got.tokens)
        elif got.end == "error":
            assert got.tokens <= billed <= got.tokens + 1, (request_id, got, billed)
        else:
            assert got.tokens <= billed <= got.tokens + ON_THE_WAY, (request_id, got, billed)
    ends = Counter(got.end for got in clients.received.values())
    assert ends["done"] > DEATHS
    assert ends["cut"] + ends["error"] > DEATHS // 4
    tenant = accounts.directory.tenant("default")
    assert tenant.spent_pico == sum(entry.cost_pico for entry in entries)
    assert accounts.book.held == frozenset()
    assert accounts.store.verify_audit().broken_at is None
    lines = accounts.store.read(lambda d: list(audit_trail.read(d)))
    noted = Counter(
        line.record.request_id
        for line in lines
        if isinstance(line.record, Access) and line.record.outcome == "completed"
    )
    done = [request_id for request_id, got in clients.received.items() if got.end == "done"]
    assert all(noted[request_id] == 1 for request_id in done)
    late = max(
        by_id[request_id].usage.completion_tokens - got.tokens
        for request_id, got in clients.received.items()
        if request_id in by_id
    )
    print(f"{len(entries)} entries, {dict(ends)}, at most {late} tokens were on their way")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
