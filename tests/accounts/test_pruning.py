"""Retention of the audit trail: what is old leaves, and what is left still proves itself."""

import asyncio
import contextlib

import pytest
from tests.accounts.conftest import Clock

from llmaas.accounts import audit, pruning
from llmaas.accounts.accounts import Accounts
from llmaas.accounts.audit import Change
from llmaas.accounts.database import Database
from llmaas.accounts.limits import DAY_S
from llmaas.accounts.pruning import prune
from llmaas.accounts.store import Store

DAYS = 30


def note(store: Store, clock: Clock, *actions: str) -> None:
    changes = [Change(at_ms=clock(), actor="a test", action=action) for action in actions]
    store.write(lambda transaction: transaction.records.extend(changes))


def actions(store: Store) -> list[str]:
    lines = store.read(lambda database: list(audit.read(database)))
    return [line.record.action for line in lines if isinstance(line.record, Change)]


@pytest.fixture
def aged(store: Store, clock: Clock) -> Store:
    """Three records that are too old, and two that are not yet."""
    note(store, clock, "a", "b", "c")
    clock.advance(1)
    note(store, clock, "d", "e")
    clock.advance(DAYS * DAY_S)
    return store


def test_what_is_older_than_its_days_leaves_and_the_chain_is_whole(aged: Store) -> None:
    assert prune(aged, days=DAYS) == 3
    assert actions(aged) == ["d", "e", "audit.prune"]
    found = aged.verify_audit()
    assert (found.records, found.pruned, found.broken_at) == (3, 3, None)
    assert prune(aged, days=DAYS) == 0
    assert actions(aged) == ["d", "e", "audit.prune"]


def test_the_pruning_is_a_record_with_the_hash_it_went_up_to(aged: Store) -> None:
    old = aged.read(lambda database: list(audit.read(database)))[2]
    prune(aged, days=DAYS)
    last = aged.read(lambda database: list(audit.read(database)))[-1]
    assert isinstance(last.record, Change)
    assert last.record.details == {"records": "3", "through": "3", "hash": old.hash}


def test_everything_may_leave_and_the_chain_goes_on(aged: Store, clock: Clock) -> None:
    clock.advance(2)
    assert prune(aged, days=DAYS) == 5
    clock.advance((DAYS + 1) * DAY_S)
    assert prune(aged, days=DAYS) == 1
    note(aged, clock, "f")
    assert actions(aged) == ["audit.prune", "f"]
    assert aged.verify_audit().broken_at is None


def test_what_follows_a_younger_record_stays_with_it(store: Store, clock: Clock) -> None:
    clock.advance(10)
    note(store, clock, "young")
    clock.advance(-10)
    note(store, clock, "old")
    clock.advance(DAYS * DAY_S + 5)
    assert prune(store, days=DAYS) == 0


@pytest.mark.parametrize(
    "damage",
    [
        "delete from audit where seq = 4",
        "update audit_checkpoint set seq = 4",
        "update audit_checkpoint set hash = 'x'",
        "update audit_checkpoint set at_ms = at_ms + 1",
        "delete from audit_checkpoint",
        "update audit set body = replace(body, 'd', 'x') where seq = 4",
    ],
)
def test_who_moves_the_checkpoint_or_removes_more_is_found_out(aged: Store, damage: str) -> None:
    prune(aged, days=DAYS)
    aged.write(lambda transaction: transaction.database.execute(damage))
    assert aged.verify_audit().broken_at is not None


def test_removing_more_with_a_checkpoint_of_ones_own_is_found_out(aged: Store) -> None:
    prune(aged, days=DAYS)
    line = aged.read(lambda database: list(audit.read(database)))[0]
    forged = audit.Checkpoint(line.seq, line.hash, 1).signed(b"not the secret")
    aged.write(
        lambda transaction: [
            transaction.database.execute("delete from audit where seq <= ?", (line.seq,)),
            transaction.database.execute(
                "update audit_checkpoint set seq = ?, hash = ?, at_ms = ?, signature = ?",
                (forged.seq, forged.hash, forged.at_ms, forged.signature),
            ),
        ]
    )
    assert aged.verify_audit().broken_at is not None
    assert prune(aged, days=1) == 0, "nothing more leaves a trail that somebody touched"


def test_many_records_leave_group_by_group(aged: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "GROUP", 2)
    assert prune(aged, days=DAYS) == 3
    assert actions(aged) == ["d", "e", "audit.prune", "audit.prune"]
    assert aged.verify_audit().broken_at is None


def test_a_serving_process_prunes_as_its_catalogue_says(accounts: Accounts, clock: Clock) -> None:
    note(accounts.store, clock, "old")
    clock.advance(8 * DAY_S)

    async def keep_until(wanted: list[str]) -> None:
        keeping = asyncio.ensure_future(accounts.keep())
        for _ in range(50):
            await asyncio.sleep(0.01)
            if await asyncio.to_thread(actions, accounts.store) == wanted:
                break
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping

    asyncio.run(keep_until(["never"]))
    assert actions(accounts.store) == ["old"], "without a retention, nothing leaves"
    accounts.audit_days = 7
    asyncio.run(keep_until(["audit.prune"]))
    assert actions(accounts.store) == ["audit.prune"]


def test_a_trail_is_verified_while_it_is_written(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(store, clock, "a")
    whole = audit._verify

    def written_meanwhile(database: Database, secret: bytes) -> audit.Verification:
        database.execute("select 1 from audit_head")
        note(store, clock, "b")
        return whole(database, secret)

    monkeypatch.setattr(audit, "_verify", written_meanwhile)
    assert store.verify_audit().broken_at is None
