"""Many requests with every kind of end: no limit is exceeded, none blocks wrongly, none leaks."""

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.accounts.conftest import CONTRACT, MASTER, PARIS, Clock, bundle, route

from llmaas.accounts import ledger
from llmaas.accounts.accounts import Accounts
from llmaas.accounts.limits import Level, Quota
from llmaas.accounts.meter import Admission, LimitReachedError, Meter
from llmaas.accounts.prices import Usage
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import ApiKey, NewKey

REQUESTS, AT_ONCE, EPOCHS = 100_000, 64, 5


def open_accounts(path: Path, clock: Clock) -> Accounts:
    store = Store(path / "accounts.db", master=MASTER, clock_ms=clock)
    return Accounts(store, journals=path / "journals", time_zone=PARIS)


def asking(key: ApiKey, request_id: str, output_tokens: int, *, streams: bool) -> Admission:
    return Admission(
        request_id=request_id,
        key=key,
        route=route(),
        endpoint="chat.completions",
        prompt_tokens=50,
        output_tokens=output_tokens,
        streams=streams,
    )


class WorkerDiedError(Exception):
    """A worker died while it answered."""


async def one(meter: Meter, key: ApiKey, request_id: str, chance: random.Random) -> None:
    """A request with some end or other."""
    most = chance.randint(1, 60)
    streams = chance.random() < 0.7
    try:
        metered = await meter.admit(asking(key, request_id, most, streams=streams))
    except LimitReachedError:
        return
    fate = chance.random()
    try:
        async with asyncio.timeout(60):
            with metered:
                prompt = chance.randint(1, 60)
                await metered.prompt_counted(prompt)
                produced = chance.randint(0, most)
                for done in (produced // 3, produced):
                    await asyncio.sleep(0)
                    metered.produced(Usage(prompt_tokens=prompt, completion_tokens=done))
                if fate < 0.10:
                    raise WorkerDiedError  # noqa: TRY301 - what happens in the middle
                if fate < 0.20:
                    metered.abandon("cancelled")
                    return
                if fate < 0.25:
                    raise TimeoutError  # noqa: TRY301
                if fate < 0.30:
                    asyncio.current_task().cancel()  # type: ignore[union-attr]
                    await asyncio.sleep(0)
                await metered.complete(metered.usage)
    except (WorkerDiedError, TimeoutError, asyncio.CancelledError, LimitReachedError):
        pass


async def epoch(meter: Meter, keys: list[ApiKey], names: Iterator[int], clock: Clock) -> None:
    """A life of the process, which ends with streams still open."""
    chance = random.Random(next(names))

    async def customer() -> None:
        for _ in range(REQUESTS // AT_ONCE // EPOCHS):
            clock.advance(chance.choice((0, 0, 0.01, 0.2)))
            await one(meter, chance.choice(keys), f"r{next(names)}", chance)

    await asyncio.gather(*(customer() for _ in range(AT_ONCE)))
    for _ in range(20):
        open_stream = asking(chance.choice(keys), f"r{next(names)}", 60, streams=True)
        try:
            metered = await meter.admit(open_stream)
        except LimitReachedError:
            continue
        metered.produced(Usage(prompt_tokens=40, completion_tokens=chance.randint(0, 50)))
    await meter.accounts.record(None)


@pytest.mark.timeout(600)
def test_after_a_hundred_thousand_requests_every_window_is_the_sum_of_its_ledger(
    tmp_path: Path, clock: Clock
) -> None:
    names = iter(range(10**9))
    accounts = open_accounts(tmp_path, clock)
    accounts.administration.create_tenant(
        "acme", "ACME", CONTRACT, Quota(output_tokens_per_day=2_000_000), actor="a test"
    )
    quota = Quota(output_tokens_per_hour=400_000, requests_per_minute=100_000)
    keys = [
        accounts.administration.create_key(
            NewKey(f"{n}", tenant="acme", quota=quota), actor="a test"
        )[0]
        for n in range(4)
    ]
    for _ in range(EPOCHS):
        asyncio.run(epoch(Meter(accounts, bundle()), keys, names, clock))
        # The process dies: its files are closed by the kernel, and nothing else happens.
        accounts.store.close()
        os.close(accounts.journal._file)
        accounts = open_accounts(tmp_path, clock)
        assert accounts.recovered > 0
        compare(accounts, keys, clock())
    accounts.close()


def compare(accounts: Accounts, keys: list[ApiKey], now_ms: int) -> None:
    """The book against the ledger."""
    entries = accounts.store.read(lambda d: ledger.entries_of(d, "acme", "2026-11"))
    for level, name in ((Level.TENANT, "acme"), *((Level.KEY, key.id) for key in keys)):
        account = accounts.book.account(level, name)
        mine = [e for e in entries if level is Level.TENANT or e.request.key == name]
        for window, length_s in ((account.hour, 3600), (account.day, 86_400)):
            horizon = (now_ms // 1000 - length_s) * 1000
            recent = [e for e in mine if e.settled_ms >= horizon]
            assert window.used(now_ms) == sum(e.usage.completion_tokens for e in recent)
        assert (account.held_tokens, account.held_pico) == (0, 0)
        assert account.spent_by_month["2026-11"] == sum(e.cost_pico for e in mine)
    assert accounts.book.held == frozenset()


async def hammer(meter: Meter, key: ApiKey, chance: random.Random) -> int:
    """Ask until waiting for the hour is all that helps; the output tokens that were served."""
    served = 0
    while True:
        request = asking(key, f"r{chance.random()}", chance.randint(20, 100), streams=True)
        try:
            metered = await meter.admit(request)
        except LimitReachedError as error:
            if not error.refusal.in_flight:
                return served
            await asyncio.sleep(0)
            continue
        with metered:
            await metered.prompt_counted(40)
            for done in range(1, chance.randint(1, request.output_tokens) + 1):
                if done % 16 == 0:
                    await asyncio.sleep(0)
                metered.produced(Usage(prompt_tokens=40, completion_tokens=done))
            await metered.complete(metered.usage)
            served += metered.usage.completion_tokens


def test_64_clients_get_nearly_all_of_an_hour_and_never_more(
    accounts: Accounts, meter: Meter, runner: asyncio.Runner
) -> None:
    allowed = 20_000
    accounts.administration.create_tenant("acme", "ACME", CONTRACT, actor="a test")
    new = NewKey("a key", tenant="acme", quota=Quota(output_tokens_per_hour=allowed))
    key, _ = accounts.administration.create_key(new, actor="a test")

    async def all_together() -> int:
        chances = (random.Random(client) for client in range(64))
        return sum(await asyncio.gather(*(hammer(meter, key, chance) for chance in chances)))

    served = runner.run(all_together())
    assert 0.95 * allowed <= served <= allowed
    _, tokens = runner.run(meter.remaining(key))
    assert tokens is not None
    assert tokens.remaining == allowed - served
