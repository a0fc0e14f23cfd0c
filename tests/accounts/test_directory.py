"""Tenants and keys: who opens what, on both databases."""

import asyncio
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.conftest import CONTRACT, MASTER, TIER, Clock

from llmaas.accounts import audit
from llmaas.accounts.accounts import REFRESH_S, Accounts
from llmaas.accounts.administration import DAY_MS, Administration
from llmaas.accounts.directory import Directory
from llmaas.accounts.limits import Quota
from llmaas.accounts.money import to_eur
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import AccountsError, NewKey, UnknownKeyError, UnknownTenantError

ME = "a test"


def test_a_token_opens_the_key_it_was_made_with(
    administration: Administration, directory: Directory
) -> None:
    key, token = administration.create_key(NewKey("search"), actor=ME)
    assert directory.authenticate(token) == key
    assert token.split("_")[1] == key.id


@pytest.mark.parametrize("change", ["secret", "id", "prefix", "longer", "empty"])
def test_a_token_that_is_not_exactly_right_opens_nothing(
    administration: Administration, directory: Directory, change: str
) -> None:
    _, token = administration.create_key(NewKey("search"), actor=ME)
    wrong = {
        "secret": token[:-1] + ("a" if token[-1] != "a" else "b"),
        "id": token.replace(token[7], "z" if token[7] != "z" else "y", 1),
        "prefix": token.replace("llmaas", "other"),
        "longer": token + "a",
        "empty": "",
    }[change]
    assert directory.authenticate(wrong) is None


def test_a_secret_is_stored_nowhere_and_names_are_not_readable(
    administration: Administration, store: Store
) -> None:
    administration.create_tenant("acme", "ACME Société anonyme", TIER, actor=ME)
    _, token = administration.create_key(NewKey("Projet Hélène", tenant="acme"), actor=ME)
    everything = store.read(
        lambda database: [
            database.execute(f"select * from {table}")
            for table in ("tenant", "api_key", "audit", "credit", "wrapped_key")
        ]
    )
    text = repr(everything)
    assert token.split("_")[2] not in text
    assert "Société" not in text
    assert "Hélène" not in text


@pytest.mark.parametrize("nothing", ["", " \t"])
def test_a_key_without_a_name_is_refused(administration: Administration, nothing: str) -> None:
    with pytest.raises(AccountsError, match="a key has a name"):
        administration.create_key(NewKey(nothing), actor=ME)
    assert administration.api_keys() == ()


def test_a_revoked_key_stops_in_every_process_at_once(
    place: Path | str, administration: Administration, clock: Clock
) -> None:
    other = Store(place, master=MASTER, clock_ms=clock)
    try:
        there = Directory(other)
        key, token = administration.create_key(NewKey("search"), actor=ME)
        there.refresh()
        assert there.authenticate(token) == key
        administration.revoke(key.id, actor=ME)
        there.refresh()
        assert there.authenticate(token) is None
    finally:
        other.close()


def test_a_key_ends_when_it_expires(
    administration: Administration, directory: Directory, clock: Clock
) -> None:
    new = NewKey("search", expires_ms=clock() + 1000)
    _, token = administration.create_key(new, actor=ME)
    clock.advance(0.999)
    assert directory.authenticate(token)
    clock.advance(0.001)
    assert directory.authenticate(token) is None


def test_the_scope_and_quota_of_a_key_are_kept(
    administration: Administration, directory: Directory
) -> None:
    new = NewKey(
        "search",
        models=frozenset({"a:1"}),
        endpoints=frozenset({"embeddings"}),
        quota=Quota(output_tokens_per_hour=5, monthly_cap_eur=Decimal("0.5")),
    )
    key, token = administration.create_key(new, actor=ME)
    assert directory.authenticate(token) == key
    assert key.may_call("a:1")
    assert not key.may_call("b:1")
    assert key.may_use("embeddings")
    assert not key.may_use("chat.completions")
    assert key.quota == new.quota


def test_rotation_keeps_both_keys_until_the_grace_ends(
    administration: Administration, directory: Directory, clock: Clock
) -> None:
    new = NewKey("search", models=frozenset({"a:1"}), rotate_days=30)
    old, old_token = administration.create_key(new, actor=ME)
    successor, new_token = administration.rotate(old.id, grace_ms=DAY_MS, actor=ME)
    assert (successor.name, successor.models, successor.rotate_days) == ("search", new.models, 30)
    assert administration.api_key(old.id).successor == successor.id
    clock.advance(86_399)
    assert directory.authenticate(old_token)
    clock.advance(1)
    assert directory.authenticate(old_token) is None
    assert directory.authenticate(new_token)
    with pytest.raises(AccountsError, match=successor.id):
        administration.rotate(old.id, grace_ms=0, actor=ME)


def test_a_key_is_due_for_rotation_when_its_days_have_passed(
    administration: Administration, clock: Clock
) -> None:
    key, _ = administration.create_key(NewKey("search", rotate_days=30), actor=ME)
    clock.advance(30 * 86_400 - 1)
    assert administration.due_for_rotation() == ()
    clock.advance(1)
    assert [each.id for each in administration.due_for_rotation()] == [key.id]
    administration.rotate(key.id, grace_ms=DAY_MS, actor=ME)
    assert administration.due_for_rotation() == ()


def test_a_prepaid_tenant_begins_with_the_credit_of_its_tier(
    administration: Administration, directory: Directory, clock: Clock
) -> None:
    tenant = administration.create_tenant("acme", "ACME", TIER, actor=ME)
    assert to_eur(tenant.balance_pico) == 200
    clock.advance(1)
    administration.credit("acme", Decimal("50.25"), "invoice 7", actor=ME)
    assert to_eur(directory.tenant("acme").balance_pico) == Decimal("250.25")
    assert [credit.reference for credit in administration.credits("acme")] == [
        "tier tier-1",
        "invoice 7",
    ]


def test_an_account_never_holds_more_than_can_be_counted(
    administration: Administration, store: Store
) -> None:
    administration.create_tenant("acme", "ACME", CONTRACT, actor=ME)
    for _ in range(9):
        administration.credit("acme", Decimal(1_000_000), "invoice", actor=ME)
    with pytest.raises(AccountsError, match="more than can be counted"):
        administration.credit("acme", Decimal(1_000_000), "invoice", actor=ME)
    assert to_eur(administration.tenant("acme").credited_pico) == 9_000_000
    assert len(administration.credits("acme")) == 9


@pytest.mark.parametrize("eur", ["NaN", "Infinity", "1E+40", "1000000.01", "0.0000001"])
def test_what_is_no_amount_is_not_booked(administration: Administration, eur: str) -> None:
    administration.create_tenant("acme", "ACME", CONTRACT, actor=ME)
    with pytest.raises(AccountsError, match="no amount in euros"):
        administration.credit("acme", Decimal(eur), "invoice", actor=ME)
    with pytest.raises(AccountsError, match="no amount in euros"):
        administration.change_tenant("acme", quota=Quota(monthly_cap_eur=Decimal(eur)), actor=ME)


def test_closing_a_tenant_stops_its_keys(
    administration: Administration, directory: Directory
) -> None:
    administration.create_tenant("acme", "ACME", CONTRACT, actor=ME)
    _, token = administration.create_key(NewKey("search", tenant="acme"), actor=ME)
    administration.close_tenant("acme", actor=ME)
    assert directory.authenticate(token) is None


def test_a_tenant_does_not_reach_the_keys_of_another(
    administration: Administration, directory: Directory
) -> None:
    for tenant in ("acme", "other"):
        administration.create_tenant(tenant, tenant, CONTRACT, actor=ME)
    key, token = administration.create_key(NewKey("search", tenant="acme"), actor=ME)
    with pytest.raises(UnknownKeyError):
        administration.api_key(key.id, tenant="other")
    with pytest.raises(UnknownKeyError):
        administration.revoke(key.id, actor=ME, tenant="other")
    with pytest.raises(UnknownKeyError):
        administration.rotate(key.id, grace_ms=0, actor=ME, tenant="other")
    assert administration.api_keys("other") == ()
    assert directory.authenticate(token)


def test_what_does_not_exist_is_named(administration: Administration) -> None:
    with pytest.raises(UnknownTenantError, match="nobody"):
        administration.create_key(NewKey("x", tenant="nobody"), actor=ME)
    with pytest.raises(UnknownKeyError, match="nothing"):
        administration.revoke("nothing", actor=ME)
    administration.create_tenant("acme", "ACME", TIER, actor=ME)
    with pytest.raises(AccountsError, match="already"):
        administration.create_tenant("acme", "ACME", TIER, actor=ME)


def test_every_change_is_in_the_audit_trail(administration: Administration, store: Store) -> None:
    administration.create_tenant("acme", "ACME", CONTRACT, actor=ME)
    key, _ = administration.create_key(NewKey("search", tenant="acme"), actor=ME)
    administration.rotate(key.id, grace_ms=0, actor=ME)
    administration.revoke(key.id, actor=ME)
    administration.close_tenant("acme", actor=ME)
    lines = store.read(lambda database: list(audit.read(database, tenant="acme")))
    actions = [line.record.action for line in lines if isinstance(line.record, audit.Change)]
    assert actions == [
        "tenant.create",
        "key.create",
        "key.rotate",
        "key.hand_over",
        "key.revoke",
        "tenant.close",
    ]


def test_a_serving_process_notices_within_a_second_what_another_one_changed(
    accounts: Accounts, place: Path | str, clock: Clock, runner: asyncio.Runner
) -> None:
    assert REFRESH_S < 1
    key, token = accounts.administration.create_key(NewKey("search"), actor=ME)
    other = Store(place, master=MASTER, clock_ms=clock)
    Administration(other).revoke(key.id, actor=ME)
    other.close()

    async def notice() -> int:
        keeping = asyncio.ensure_future(accounts.keep())
        turns = 0
        while accounts.directory.authenticate(token) is not None:
            turns += 1
            await asyncio.sleep(REFRESH_S / 4)
            assert turns < 200
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        return turns

    assert runner.run(notice()) < 200


def test_two_administrators_do_not_undo_each_other(
    place: Path | str, administration: Administration, clock: Clock
) -> None:
    other = Store(place, master=MASTER, clock_ms=clock)
    try:
        administration.create_tenant("acme", "ACME", TIER, actor=ME)
        there = Administration(other)
        administration.change_tenant("acme", tier=CONTRACT, actor=ME)
        changed = there.change_tenant("acme", quota=Quota(requests_per_minute=7), actor=ME)
        assert (changed.tier, changed.quota.requests_per_minute) == ("contract", 7)
    finally:
        other.close()


def test_who_reads_before_a_revocation_does_not_replace_what_was_read_after_it(
    place: Path | str,
    directory: Directory,
    store: Store,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, token = Administration(store, directory).create_key(NewKey("search"), actor=ME)
    other = Store(place, master=MASTER, clock_ms=clock)
    reading, revoked, read = threading.Event(), threading.Event(), store.read

    def slowly(question: Callable[[Any], Any]) -> Any:
        answer = read(question)
        if threading.current_thread() is slow and isinstance(answer, dict):
            reading.set()
            assert revoked.wait(10)
        return answer

    monkeypatch.setattr(store, "read", slowly)
    directory._version = -1
    slow = threading.Thread(target=directory.refresh)
    slow.start()
    assert reading.wait(10)
    Administration(other).revoke(key.id, actor=ME)
    quick = threading.Thread(target=directory.refresh)
    quick.start()
    quick.join(0.2)  # waits for the slow one, or is done
    revoked.set()
    slow.join(10)
    quick.join(10)
    other.close()
    assert directory.authenticate(token) is None
