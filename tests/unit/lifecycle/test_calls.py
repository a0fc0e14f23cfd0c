"""Calls are counted by the days of the service, not by those of Greenwich."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from llmaas.accounts import Administration, LedgerEntry, Store, Usage
from llmaas.accounts.ledger import Request
from llmaas.accounts.prices import Rates
from llmaas.bundle import TierPolicy
from llmaas.cli.accounts.opening import open_store
from llmaas.cli.lifecycle.calls import Calls, calls_in_ledger
from llmaas.cli.state import StateDir, state_dir

TODAY = date(2026, 11, 20)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
CONTRACT = TierPolicy("contract", "contract", None, None, None, None)


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return state_dir(tmp_path)


def call(store: Store, name: str, at: datetime) -> None:
    request = Request(
        request_id=name,
        tenant="acme",
        key="k",
        model=name,
        endpoint="chat.completions",
        month="2026-11",
        admitted_ms=int(at.timestamp() * 1000),
        rates=Rates(),
    )
    entry = LedgerEntry(request=request, settled_ms=0, usage=Usage(), outcome="completed")
    store.write(lambda transaction: transaction.entries.append(entry))


def test_an_evening_call_belongs_to_the_day_of_the_service(state: StateDir) -> None:
    store = open_store(state)
    Administration(store).create_tenant("acme", "ACME", CONTRACT, actor="a test")
    call(store, "evening", datetime(2026, 11, 20, 23, 59, 59, 999000, LOS_ANGELES))
    call(store, "after-midnight", datetime(2026, 11, 21, 0, 0, tzinfo=LOS_ANGELES))
    call(store, "first-morning", datetime(2026, 11, 19, 0, 0, tzinfo=LOS_ANGELES))
    call(store, "night-before", datetime(2026, 11, 19, 7, 59, tzinfo=UTC))
    store.close()
    found = calls_in_ledger(state, None, since=date(2026, 11, 19), until=TODAY, zone=LOS_ANGELES)
    assert found == (Calls("acme", "k", "evening", 1), Calls("acme", "k", "first-morning", 1))
