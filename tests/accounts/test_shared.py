"""The shared book, against the book it has the rules of; and several processes at one limit."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from msgspec.structs import replace
from tests.accounts.conftest import CONTRACT, MASTER, NOON_MS, PARIS, Clock

from llmaas.accounts.accounts import Accounts
from llmaas.accounts.administration import Administration
from llmaas.accounts.book import Book, Demand, Held
from llmaas.accounts.ledger import LedgerEntry, Request
from llmaas.accounts.limiter import LimiterUnavailableError
from llmaas.accounts.limits import Limits, Quota, Refusal
from llmaas.accounts.prices import Rates, Usage
from llmaas.accounts.shared import SharedLimiter
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import NewKey

ROOT = Path(__file__).parents[2]
NOBODY = "redis://127.0.0.1:1"
"""A server that is away."""
LEASE_S = 30
MONTH, MONTH_ENDS_MS = "2026-11", NOON_MS + 10**9
LIMITS = Limits(
    requests_per_minute=40,
    output_tokens_per_hour=200,
    output_tokens_per_day=600,
    monthly_cap_pico=12_000 * 10**12,
    credit_pico=15_000 * 10**12 + 7,
)
OWN = Limits(output_tokens_per_hour=90, output_tokens_per_day=300, monthly_cap_pico=9_100 * 10**12)


@pytest.fixture
def local_store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = Store(tmp_path / "accounts.db", master=MASTER, clock_ms=clock)
    Administration(store).create_tenant("t", "T", CONTRACT, actor="a test")
    yield store
    store.close()


@asynccontextmanager
async def sharing(url: str, store: Store) -> AsyncIterator[SharedLimiter]:
    limiter = SharedLimiter(url, store, month=lambda _: MONTH, lease_s=LEASE_S)
    try:
        yield limiter
    finally:
        await limiter.close()


def demand(tokens: int = 10, cost: int = 100, key: str = "k1") -> Demand:
    return Demand("t", key, LIMITS, OWN, MONTH, MONTH_ENDS_MS, tokens, cost)


async def settled(limiter: SharedLimiter) -> None:
    await asyncio.gather(*limiter._tasks)


@pytest.mark.parametrize("seed", range(12))
def test_it_answers_what_the_book_answers(fresh: str, local_store: Store, seed: int) -> None:
    chance = random.Random(seed)

    async def compare() -> None:
        book, now = Book(lease_s=LEASE_S), NOON_MS
        both: list[tuple[Held, Held]] = []
        async with sharing(fresh, local_store) as shared:
            for _ in range(150):
                now += chance.choice((0, 1, 900, 5_000, 60_000, 900_000))
                for held, _ in book.expire(now):
                    # Its lease ended here and there; only here is its progress known.
                    both = [pair for pair in both if pair[0] is not held]
                action = chance.random()
                if action < 0.5:
                    cost = chance.choice((0, 7, 10**12, 1_500 * 10**12))
                    wanted = demand(chance.randint(0, 100), cost, chance.choice(("k1", "k2")))
                    here, there = book.reserve(wanted, now), await shared.reserve(wanted, now)
                    if isinstance(here, Refusal) or isinstance(there, Refusal):
                        assert there == here
                    else:
                        both.append((here, there))
                elif action < 0.65 and both:
                    here, there = chance.choice(both)
                    cost = max(0, here.cost_pico + chance.randint(-(10**12), 10**15))
                    assert await shared.resize(there, cost_pico=cost, now_ms=now) == book.resize(
                        here, cost_pico=cost, now_ms=now
                    )
                    book.renew(here, now)
                    await shared.renew(now)
                    for pair in both:
                        book.renew(pair[0], now)
                elif both:
                    here, there = both.pop(chance.randrange(len(both)))
                    tokens = chance.randint(0, here.output_tokens)
                    cost = chance.randint(0, here.cost_pico)
                    book.progress(here, output_tokens=tokens, cost_pico=cost)
                    shared.progress(there, output_tokens=tokens, cost_pico=cost)
                    assert shared.settle(there, now) == book.settle(here, now)
                    await settled(shared)
                limits = (LIMITS, OWN)
                assert await shared.remaining("t", "k1", limits, now) == (
                    book.remaining_requests("t", "k1", limits, now),
                    book.remaining_tokens("t", "k1", limits, now),
                )

    asyncio.run(compare())


def test_what_a_dead_process_held_is_free_when_its_lease_ends(
    fresh: str, local_store: Store
) -> None:
    async def die_and_ask() -> None:
        async with sharing(fresh, local_store) as dead, sharing(fresh, local_store) as other:
            assert isinstance(await dead.reserve(demand(90), NOON_MS), Held)
            refusal = await other.reserve(demand(10), NOON_MS + 29_999)
            assert isinstance(refusal, Refusal)
            assert refusal.in_flight
            assert isinstance(await other.reserve(demand(10), NOON_MS + 30_000), Held)

    asyncio.run(die_and_ask())


def test_a_renewed_lease_goes_on(fresh: str, local_store: Store) -> None:
    async def renew() -> None:
        async with sharing(fresh, local_store) as one, sharing(fresh, local_store) as other:
            await one.reserve(demand(90), NOON_MS)
            await one.renew(NOON_MS + 20_000)
            assert isinstance(await other.reserve(demand(10), NOON_MS + 49_999), Refusal)

    asyncio.run(renew())


def left_behind() -> LedgerEntry:
    """A stream of a process that died."""
    request = Request(
        request_id="r",
        tenant="t",
        key="k1",
        model="m",
        endpoint="e",
        month=MONTH,
        admitted_ms=NOON_MS,
        rates=Rates(),
    )
    usage = Usage(completion_tokens=85)
    return LedgerEntry(request=request, settled_ms=NOON_MS, usage=usage, outcome="completed")


def test_a_server_that_lost_its_memory_is_told_again(fresh: str, local_store: Store) -> None:
    local_store.write(lambda transaction: transaction.entries.append(left_behind()))

    async def forget() -> None:
        async with sharing(fresh, local_store) as shared:
            for _ in range(2):
                refusal = await shared.reserve(demand(10), NOON_MS)
                assert isinstance(refusal, Refusal)
                assert (refusal.used, refusal.in_flight) == (85, False)
                with redis.Redis.from_url(fresh) as client:
                    client.flushall()

    asyncio.run(forget())


def test_a_client_that_leaves_while_it_is_admitted_holds_nothing(
    fresh: str, local_store: Store
) -> None:
    async def leave() -> None:
        async with sharing(fresh, local_store) as shared:
            for turns in range(12):
                task = asyncio.ensure_future(shared.reserve(demand(90), NOON_MS))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                if task.done() and not task.cancelled():
                    held = task.result()
                    assert isinstance(held, Held)
                    shared.settle(held, NOON_MS)
                await asyncio.sleep(0.02)
                await settled(shared)
                _, tokens = await shared.remaining("t", "k1", (LIMITS, OWN), NOON_MS)
                assert tokens is not None
                assert tokens.remaining == 90

    asyncio.run(leave())


def test_three_processes_serve_nearly_all_of_an_hour_and_never_more(
    fresh: str, postgresql_server: str, tmp_path: Path
) -> None:
    import psycopg

    name = f"three_{abs(hash(str(tmp_path))):x}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    place = postgresql_server.replace("/postgres", f"/{name}")
    allowed = 6_000
    store = Store(place, master=MASTER, clock_ms=lambda: time.time_ns() // 1_000_000)
    administration = Administration(store)
    administration.create_tenant("acme", "ACME", CONTRACT, actor="a test")
    quota = Quota(output_tokens_per_hour=allowed)
    administration.create_key(NewKey("a key", tenant="acme", quota=quota), actor="a test")
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.accounts.hammering_process"),
                *(place, fresh, str(tmp_path / "journals"), str(seed)),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(3)
    ]
    served = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert all(process.returncode == 0 for process in processes)
    ((tokens,),) = store.read(
        lambda database: database.execute("select sum(completion_tokens) from ledger")
    )
    store.close()
    assert sum(served) == int(tokens)
    assert 0.95 * allowed <= sum(served) <= allowed
    assert min(served) > 0


def test_a_demand_is_refused_for_what_it_is_and_not_for_what_it_was(
    fresh: str, local_store: Store
) -> None:
    async def two_months() -> None:
        async with sharing(fresh, local_store) as shared:
            wanted = demand(1, 9_000 * 10**12)
            held = await shared.reserve(wanted, NOON_MS)
            assert isinstance(held, Held)
            shared.progress(held, output_tokens=1, cost_pico=held.cost_pico)
            shared.settle(held, NOON_MS)
            await settled(shared)
            assert isinstance(await shared.reserve(demand(1, 200 * 10**12), NOON_MS), Refusal)
            december = replace(demand(1, 200 * 10**12), month="2026-12")
            assert isinstance(await shared.reserve(december, NOON_MS), Held)

    asyncio.run(two_months())


def test_a_server_that_is_away_is_named_as_that(local_store: Store) -> None:
    async def ask() -> None:
        async with sharing(NOBODY, local_store) as shared:
            with pytest.raises(LimiterUnavailableError, match="does not answer"):
                await shared.reserve(demand(), NOON_MS)

    asyncio.run(ask())


def test_a_revoked_key_stops_although_the_shared_book_is_away(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "accounts.db"
    store = Store(place, master=MASTER, clock_ms=clock)
    accounts = Accounts(
        store, journals=tmp_path / "journals", time_zone=PARIS, lease_s=0.04, windows=NOBODY
    )
    key, token = accounts.administration.create_key(NewKey("search"), actor="a test")

    async def keep_on() -> None:
        accounts._left = [left_behind()]
        accounts.limiter._ids[Held(demand(), 0, 0, 0)] = "a request"
        keeping = asyncio.ensure_future(accounts.keep())
        while not all(said in caplog.text for said in ("not be renewed", "not counted yet")):
            await asyncio.sleep(0.01)
            assert not keeping.done()
        other = Store(place, master=MASTER, clock_ms=clock)
        Administration(other).revoke(key.id, actor="a test")
        other.close()
        while accounts.directory.authenticate(token) is not None:
            await asyncio.sleep(0.01)
            assert not keeping.done()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await accounts.limiter.close()

    asyncio.run(keep_on())
    accounts.close()
