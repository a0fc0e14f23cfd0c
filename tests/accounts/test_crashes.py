"""`kill -9` at random moments: the ledger is what clients received, request by request."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.accounts.conftest import CONTRACT, MASTER, PARIS, Databases
from tests.accounts.dying_service import clock_ms

from llmaas.accounts import ledger
from llmaas.accounts.accounts import Accounts
from llmaas.accounts.administration import Administration
from llmaas.accounts.ledger import LedgerEntry
from llmaas.accounts.limits import Level
from llmaas.accounts.months import month_of
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import NewKey

ROOT = Path(__file__).parents[2]
KILLS = {"sqlite": 60, "postgresql": max(15, int(os.environ.get("LLMAAS_TEST_DEATHS", "0")))}


@dataclass
class Received:
    """What the client has of one request."""

    streams: bool
    tokens: int = 0
    done: bool = False


@dataclass
class Service:
    """The process that forks the children, and the pipe that is their client."""

    process: "subprocess.Popen[str]"
    pipe: Iterator[str]

    def die(self, number: int, after_s: float) -> tuple[dict[str, Received], int]:
        """Serve, be killed; what was received, and what the start recovered."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        received: dict[str, Received] = {}
        recovered = -1
        for line in self.pipe:
            match line.split():
                case ["serving", count]:
                    recovered = int(count)
                    time.sleep(after_s)
                    os.kill(child, signal.SIGKILL)
                case ["admitted", request_id, streams]:
                    received[request_id] = Received(bool(int(streams)))
                case ["token", request_id, tokens]:
                    received[request_id].tokens = int(tokens)
                case ["done", request_id, tokens]:
                    received[request_id].tokens = int(tokens)
                    received[request_id].done = True
                case ["dead", _]:
                    break
        return received, recovered


@pytest.fixture
def service(databases: Databases, journals: Path) -> Iterator[Service]:
    store = Store(databases(), master=MASTER, clock_ms=clock_ms)
    administration = Administration(store)
    administration.create_tenant("acme", "ACME", CONTRACT, actor="a test")
    administration.create_key(NewKey("a key", tenant="acme"), actor="a test")
    store.close()
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.accounts.dying_service"),
            *(str(databases()), str(journals), str(writing)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        pass_fds=(writing,),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe, process:
        try:
            yield Service(process, iter(pipe.readline, ""))
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(20)


def enough(everything: Iterable[Received], kills: int) -> bool:
    """Whether there were answers that ended, and streams that did not, to say something about."""
    got = list(everything)
    broken = sum(each.streams and each.tokens > 0 and not each.done for each in got)
    return sum(each.done for each in got) > kills and broken > kills // 4


def check(entry: LedgerEntry | None, got: Received) -> None:
    """One request: what is due is what was received, and at most the token on its way."""
    if got.done:
        assert entry is not None
        assert entry.outcome == "completed"
        assert entry.usage.completion_tokens == got.tokens
    elif got.streams and got.tokens:
        assert entry is not None
        assert got.tokens <= entry.usage.completion_tokens <= got.tokens + 1
    elif got.streams:
        assert entry is None or entry.usage.completion_tokens <= 1
    elif entry is not None:  # whole answers: on disk, and killed before the client was told
        assert entry.outcome in {"completed", "cancelled"}


def test_after_any_death_the_ledger_is_what_clients_received(
    service: Service, databases: Databases, journals: Path
) -> None:
    kind = "sqlite" if isinstance(databases(), Path) else "postgresql"
    moments = random.Random(20261121)
    everything: dict[str, Received] = {}
    started = month_of(clock_ms(), PARIS)
    within_s = 0.08
    for number in range(4 * KILLS[kind]):
        if number >= KILLS[kind] and enough(everything.values(), KILLS[kind]):
            break
        received, _ = service.die(number, moments.uniform(0, within_s))
        everything |= received
        if not any(got.done for got in received.values()):
            within_s = min(1.0, 1.2 * within_s)  # a busy machine
    accounts = Accounts(
        Store(databases(), master=MASTER, clock_ms=clock_ms), journals=journals, time_zone=PARIS
    )
    try:
        months = sorted({started, month_of(clock_ms(), PARIS)})
        entries: list[LedgerEntry] = []
        for month in months:
            read = partial(ledger.entries_of, tenant="acme", month=month)
            entries += accounts.store.read(read)
        by_id = {entry.request.request_id: entry for entry in entries}
        assert len(by_id) == len(entries), "a request was billed twice"
        unknown = by_id.keys() - everything.keys()
        assert not unknown, f"billed, and never admitted: {unknown}"
        for request_id, got in everything.items():
            check(by_id.get(request_id), got)
        outcomes = Counter(entry.outcome for entry in entries)
        assert outcomes["completed"] > KILLS[kind]
        assert outcomes["broken"] > KILLS[kind] // 4
        (tenant,) = accounts.administration.tenants()
        assert tenant.spent_pico == sum(entry.cost_pico for entry in entries)
        account = accounts.book.account(Level.TENANT, "acme")
        assert account.held_tokens == 0
        assert account.day.used(clock_ms()) == sum(e.usage.completion_tokens for e in entries)
        assert accounts.store.verify_audit().broken_at is None
    finally:
        accounts.close()
