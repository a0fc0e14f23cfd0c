"""Metered requests: what was used is due, once, and nothing is left held."""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.accounts.conftest import CONTRACT, MASTER, PARIS, TIER, Clock, bundle, route

from llmaas.accounts import ledger
from llmaas.accounts.accounts import Accounts
from llmaas.accounts.ledger import LedgerEntry
from llmaas.accounts.limits import Level, Limit, Quota
from llmaas.accounts.meter import Admission, LimitReachedError, Meter, Metered, TierUnknownError
from llmaas.accounts.money import to_eur
from llmaas.accounts.prices import Usage
from llmaas.accounts.shared import SharedLimiter
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import ApiKey, NewKey

T = TypeVar("T")
MONTH = "2026-11"
REQUESTS = iter(f"req_{number}" for number in range(10**9))


@dataclass
class Loop:
    """The event loop of the test that runs, and the accounts on it."""

    runner: asyncio.Runner
    accounts: Accounts


_loops: list[Loop] = []


@pytest.fixture(autouse=True)
def one_loop(runner: asyncio.Runner, accounts: Accounts) -> Iterator[None]:
    _loops.append(Loop(runner, accounts))
    yield
    _loops.pop()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do it, and let what was settled arrive in the book, wherever that is kept."""
    (loop,) = _loops

    async def to_the_end() -> T:
        try:
            return await work
        finally:
            if isinstance(loop.accounts.limiter, SharedLimiter):
                await asyncio.gather(*loop.accounts.limiter._tasks)

    return loop.runner.run(to_the_end())


def key_of(accounts: Accounts, quota: Quota | None = None, *, tier: Any = CONTRACT) -> ApiKey:
    administration = accounts.administration
    if "acme" not in {tenant.id for tenant in administration.tenants()}:
        administration.create_tenant("acme", "ACME", tier, actor="a test")
    new = NewKey("a key", tenant="acme", quota=quota or Quota())
    return administration.create_key(new, actor="a test")[0]


def asking(
    key: ApiKey, *, output_tokens: int = 100, prompt_tokens: int = 50, streams: bool = True
) -> Admission:
    return Admission(
        request_id=next(REQUESTS),
        key=key,
        route=route(),
        endpoint="chat.completions",
        prompt_tokens=prompt_tokens,
        output_tokens=output_tokens,
        streams=streams,
    )


def used(prompt: int = 40, completion: int = 10, reasoning: int = 0) -> Usage:
    return Usage(prompt_tokens=prompt, completion_tokens=completion, reasoning_tokens=reasoning)


def entries(accounts: Accounts, month: str = MONTH) -> list[LedgerEntry]:
    return accounts.store.read(lambda database: ledger.entries_of(database, "acme", month))


def nothing_held(accounts: Accounts) -> bool:
    if isinstance(accounts.limiter, SharedLimiter):
        held = accounts.limiter._redis.hlen("llmaas:{acme}:held")
        return accounts.limiter.held == frozenset() and run(held) == 0
    account = accounts.book.account(Level.TENANT, "acme")
    return (account.held_tokens, account.held_pico, accounts.book.held) == (0, 0, frozenset())


async def answer(meter: Meter, admission: Admission, usage: Usage) -> Metered:
    with await meter.admit(admission) as metered:
        await metered.prompt_counted(usage.prompt_tokens)
        await metered.complete(usage)
    return metered


def test_a_completed_request_is_in_the_ledger_at_its_price(
    accounts: Accounts, meter: Meter
) -> None:
    key = key_of(accounts)
    metered = run(answer(meter, asking(key), used(40, 10, 4)))
    (entry,) = entries(accounts)
    assert entry.request == metered.request
    assert entry.usage == used(40, 10, 4)
    assert to_eur(entry.cost_pico) == Decimal("0.00014")  # 40 × 1 € + 10 × 10 € per million
    assert entry.energy_uwh == 25_000  # 10 tokens at 2.5 kWh per million
    assert entry.outcome == "completed"
    assert nothing_held(accounts)


def test_when_complete_returns_the_usage_is_on_disk(
    accounts: Accounts, meter: Meter, place: Path | str, clock: Clock
) -> None:
    key = key_of(accounts)
    other = Store(place, master=MASTER, clock_ms=clock)

    async def check() -> None:
        with await meter.admit(asking(key)) as metered:
            await metered.complete(used())
            found = other.read(lambda d: ledger.recorded(d, metered.request.request_id))
            assert found

    run(check())
    other.close()


@pytest.mark.parametrize("outcome", ["cancelled", "broken"])
def test_a_stream_that_ends_early_is_due_as_far_as_it_came(
    accounts: Accounts, meter: Meter, outcome: Any
) -> None:
    key = key_of(accounts)

    async def part() -> None:
        with await meter.admit(asking(key)) as metered:
            await metered.prompt_counted(40)
            metered.produced(used(40, 3))
            metered.abandon(outcome)
        await accounts.record(None)

    run(part())
    (entry,) = entries(accounts)
    assert (entry.usage, entry.outcome) == (used(40, 3), outcome)
    assert nothing_held(accounts)


def test_what_failed_before_anyone_saw_it_is_not_due(accounts: Accounts, meter: Meter) -> None:
    key = key_of(accounts)

    async def fail() -> None:
        with await meter.admit(asking(key, streams=False)) as metered:
            metered.produced(used(40, 3))
            raise ZeroDivisionError

    async def fail_twice() -> None:
        with pytest.raises(ZeroDivisionError):
            await fail()
        await accounts.record(None)

    run(fail_twice())
    assert entries(accounts) == []
    assert nothing_held(accounts)


def test_a_whole_answer_nobody_waits_for_any_more_is_due_as_far_as_it_came(
    accounts: Accounts, meter: Meter
) -> None:
    key = key_of(accounts)

    async def leave() -> None:
        with await meter.admit(asking(key, streams=False)) as metered:
            metered.produced(used(40, 3))
            metered.abandon("cancelled")
        await accounts.record(None)

    run(leave())
    assert [entry.usage for entry in entries(accounts)] == [used(40, 3)]


def test_a_client_that_leaves_while_its_usage_is_written_is_billed_once(
    accounts: Accounts, meter: Meter
) -> None:
    key = key_of(accounts)

    async def leave() -> None:
        task = asyncio.ensure_future(answer(meter, asking(key), used()))
        while not task.done():
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await accounts.record(None)

    for _ in range(20):
        run(leave())
    assert len({e.request.request_id for e in entries(accounts)}) == len(entries(accounts))
    assert nothing_held(accounts)


def test_limits_of_tier_and_key_are_enforced(accounts: Accounts, meter: Meter) -> None:
    key = key_of(accounts, Quota(output_tokens_per_hour=120), tier=TIER)

    async def hammer() -> LimitReachedError:
        with await meter.admit(asking(key, output_tokens=100)):
            with pytest.raises(LimitReachedError) as caught:
                await meter.admit(asking(key, output_tokens=21))
            with await meter.admit(asking(key, output_tokens=20)):
                pass
            return caught.value

    refusal = run(hammer()).refusal
    assert (refusal.level, refusal.limit) == (Level.KEY, Limit.OUTPUT_TOKENS_PER_HOUR)
    with pytest.raises(LimitReachedError) as caught:
        run(meter.admit(asking(key_of(accounts), output_tokens=150_001)))
    assert (caught.value.refusal.level, caught.value.refusal.allowed) == (Level.TENANT, 150_000)
    assert nothing_held(accounts)


def test_credit_is_drawn_down_and_a_payment_opens_the_door_again(
    accounts: Accounts, meter: Meter
) -> None:
    key = key_of(accounts, tier=replace_credit("0.001"))
    meter = Meter(accounts, bundle(replace_credit("0.001")))
    run(answer(meter, asking(key, output_tokens=90), used(50, 90)))  # 0.00095 €
    with pytest.raises(LimitReachedError) as caught:
        run(meter.admit(asking(key, output_tokens=10)))
    assert caught.value.refusal.of_quota
    accounts.administration.credit("acme", Decimal("0.001"), "invoice", actor="a test")
    run(answer(meter, asking(key, output_tokens=10), used(50, 10)))
    assert to_eur(accounts.administration.tenants()[0].balance_pico) == Decimal("0.0009")


def replace_credit(eur: str) -> Any:
    return type(TIER)("tier-1", "prepaid", Decimal(eur), None, None, None)


def test_a_longer_prompt_than_expected_that_does_not_fit_is_refused(
    accounts: Accounts, meter: Meter
) -> None:
    key = key_of(accounts, Quota(monthly_cap_eur=Decimal("0.001")))

    async def count() -> None:
        with await meter.admit(asking(key, prompt_tokens=10, output_tokens=10)) as metered:
            await metered.prompt_counted(900)
            with pytest.raises(LimitReachedError):
                await metered.prompt_counted(901)

    run(count())
    assert nothing_held(accounts)
    assert entries(accounts) == []


def test_a_request_is_billed_in_the_month_and_at_the_price_of_its_admission(
    accounts: Accounts, meter: Meter, clock: Clock
) -> None:
    key = key_of(accounts)
    clock.now_ms = int(datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC).timestamp() * 1000)

    async def over_midnight() -> None:
        with await meter.admit(asking(key)) as metered:
            clock.advance(2)
            await metered.complete(used(40, 0))
        await answer(meter, asking(key), used(40, 0))

    run(over_midnight())
    (old,), (new,) = entries(accounts, "2026-11"), entries(accounts, "2026-12")
    assert to_eur(old.cost_pico) == Decimal("0.00004")
    assert to_eur(new.cost_pico) == Decimal("0.00008")
    assert old.settled_ms == new.settled_ms


def test_a_contract_has_terms_of_its_own(accounts: Accounts, meter: Meter) -> None:
    key = key_of(accounts)
    with run(meter.admit(asking(key, output_tokens=10**9))) as metered:
        run(_abandon(metered))
    accounts.administration.change_tenant(
        "acme", quota=Quota(output_tokens_per_day=5), actor="a test"
    )
    with pytest.raises(LimitReachedError):
        run(meter.admit(asking(key, output_tokens=6)))


async def _abandon(metered: Metered) -> None:
    metered.abandon("cancelled")


def test_a_tenant_on_a_tier_that_is_gone_is_not_served_by_guess(accounts: Accounts) -> None:
    key = key_of(accounts, tier=TIER)
    with pytest.raises(TierUnknownError, match="tier-1"):
        run(Meter(accounts, bundle(CONTRACT)).admit(asking(key)))


def test_what_is_left_is_told_for_the_tightest_window(accounts: Accounts, meter: Meter) -> None:
    key = key_of(accounts, Quota(requests_per_minute=10, output_tokens_per_hour=100), tier=TIER)

    async def look() -> None:
        with await meter.admit(asking(key, output_tokens=60)) as metered:
            requests, tokens = await meter.remaining(key)
            assert requests is not None
            assert tokens is not None
            assert (requests.remaining, tokens.remaining) == (9, 40)
            await metered.complete(used(40, 10))
        _, tokens = await meter.remaining(key)
        assert tokens is not None
        assert (tokens.limit, tokens.remaining, tokens.reset_s) == (100, 90, 3601)

    run(look())


def test_a_restart_remembers_every_window_month_and_balance(
    accounts: Accounts, meter: Meter, place: Path | str, clock: Clock, tmp_path: Path
) -> None:
    if isinstance(accounts.limiter, SharedLimiter):
        pytest.skip("a server that keeps the windows does not restart with the process")
    key = key_of(accounts, tier=TIER)

    async def work() -> None:
        for _ in range(3):
            await answer(meter, asking(key), used(40, 10))
            clock.advance(3000)

    run(work())
    again = Accounts(
        Store(place, master=MASTER, clock_ms=clock), journals=tmp_path / "other", time_zone=PARIS
    )
    try:
        for level, name in ((Level.TENANT, "acme"), (Level.KEY, key.id)):
            before, after = accounts.book.account(level, name), again.book.account(level, name)
            assert after.hour.used(clock()) == before.hour.used(clock()) == 10
            assert after.day.used(clock()) == before.day.used(clock()) == 30
            assert after.spent_by_month[MONTH] == before.spent_by_month[MONTH] > 0
        tenant = again.book.account(Level.TENANT, "acme")
        assert tenant.spent_pico == accounts.book.account(Level.TENANT, "acme").spent_pico
    finally:
        again.close()


def test_streams_of_a_dead_process_are_settled_once_by_the_next(
    place: Path | str, clock: Clock, journals: Path, tmp_path: Path
) -> None:
    first = Accounts(
        Store(place, master=MASTER, clock_ms=clock), journals=journals, time_zone=PARIS
    )
    key = key_of(first)
    meter = Meter(first, bundle())

    async def live() -> None:
        await answer(meter, asking(key), used())
        running = await meter.admit(asking(key))
        running.produced(used(40, 1))
        running.produced(used(40, 2))
        await meter.admit(asking(key))  # nothing was produced
        silent = await meter.admit(asking(key, streams=False))  # nobody has seen anything
        silent.produced(used(40, 9))

    run(live())
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in journals.iterdir():  # as the disk is at the moment of the death
        (copy / path.name).write_bytes(path.read_bytes()[:-1] + b"torn")
    first.close()
    for recovered in (1, 0):
        store = Store(place, master=MASTER, clock_ms=clock)
        again = Accounts(store, journals=copy, time_zone=PARIS)
        assert again.recovered == recovered
        found = entries(again)
        assert sorted((e.usage.completion_tokens, e.outcome) for e in found) == [
            (1, "broken"),
            (10, "completed"),
        ]
        assert store.verify_audit().broken_at is None
        spent = {tenant.id: tenant.spent_pico for tenant in again.administration.tenants()}
        assert spent["acme"] == sum(entry.cost_pico for entry in found)
        again.close()


def test_the_journal_of_a_living_process_is_left_alone(
    accounts: Accounts, meter: Meter, place: Path | str, clock: Clock, journals: Path
) -> None:
    key = key_of(accounts)

    async def start() -> Metered:
        running = await meter.admit(asking(key))
        running.produced(used(40, 5))
        return running

    running = run(start())
    other = Accounts(
        Store(place, master=MASTER, clock_ms=clock), journals=journals, time_zone=PARIS
    )
    assert other.recovered == 0
    other.close()

    async def finish() -> None:
        await running.complete(used(40, 6))

    run(finish())
    assert [entry.usage for entry in entries(accounts)] == [used(40, 6)]


def test_a_journal_begins_anew_before_it_grows_large(
    accounts: Accounts, meter: Meter, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llmaas.accounts.journal.COMPACT_BYTES", 2000)
    key = key_of(accounts)

    async def live() -> Metered:
        running = await meter.admit(asking(key))
        running.produced(used(40, 7))
        for _ in range(30):
            await answer(meter, asking(key), used())
        return running

    running = run(live())
    (path,) = journals.iterdir()
    assert path.stat().st_size < 4000
    from llmaas.accounts import journal

    left = list(journal._unsettled(path.read_bytes()))
    assert [(e.request, e.usage) for e in left] == [(running.request, used(40, 7))]


def test_a_record_that_did_not_fit_on_the_disk_hides_none_of_those_after_it(
    accounts: Accounts, meter: Meter, journals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llmaas.accounts import journal

    write = os.write

    def half(file: int, content: bytes) -> int:
        return write(file, content[: len(content) // 2])

    async def live() -> Metered:
        running = await meter.admit(asking(key_of(accounts)))
        running.produced(used(40, 5))
        with monkeypatch.context() as patched:
            patched.setattr(journal.os, "write", half)
            with pytest.raises(OSError, match="no room"):
                running.produced(used(40, 6))
        running.produced(used(40, 7))
        return running

    running = run(live())
    (path,) = journals.iterdir()
    left = list(journal._unsettled(path.read_bytes()))
    assert [(e.request, e.usage) for e in left] == [(running.request, used(40, 7))]


def test_price_and_rates_survive_the_ledger(accounts: Accounts, meter: Meter) -> None:
    key = key_of(accounts)
    metered = run(answer(meter, asking(key), used()))
    entry = accounts.store.read(
        lambda database: ledger.find(database, "acme", metered.request.request_id)
    )
    assert entry is not None
    assert entry.request.rates == metered.request.rates
    assert (
        accounts.store.read(lambda d: ledger.find(d, "other", metered.request.request_id)) is None
    )
