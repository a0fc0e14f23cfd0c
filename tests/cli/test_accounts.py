"""Tenants, keys, bills, audit trail and database from the command line."""

import json
from contextlib import closing
from decimal import Decimal

import pytest

from llmaas.accounts import Change, Directory, Store, Usage, VaultError
from llmaas.accounts.ledger import LedgerEntry, Request
from llmaas.accounts.prices import Rate, Rates
from llmaas.accounts.rekeying import rekey
from llmaas.cli.accounts import audit
from llmaas.cli.accounts.opening import open_store
from llmaas.cli.exits import Exit
from llmaas.cli.state import state_dir

RATES = Rates(input=Rate(900_000_000_000, 1_000_000, False), output=Rate(4 * 10**12, 10**6, False))


@pytest.fixture
def acme(llmaas, tmp_path):
    """A state directory with a tenant that used something in November."""
    done = llmaas("tenants", "create", "acme", "--name", "ACME SA", "--tier", "tier-1")
    assert done.code == Exit.OK, done.err
    state = tmp_path / "state"
    store = Store(
        state / "accounts.db",
        master=(state / "secret").read_bytes().strip(),
        clock_ms=lambda: 0,
    )
    for number in range(3):
        request = Request(
            request_id=f"req_{number}",
            tenant="acme",
            key="k",
            model="granite3.3:8b",
            endpoint="chat.completions",
            month="2026-11",
            admitted_ms=0,
            rates=RATES,
        )
        usage = Usage(prompt_tokens=1_000_001, completion_tokens=250_000)
        entry = LedgerEntry(request=request, settled_ms=0, usage=usage, outcome="completed")
        store.write(lambda transaction, entry=entry: transaction.entries.append(entry))
    store.close()
    return state


def test_a_tenant_begins_with_the_credit_of_its_tier(llmaas):
    made = llmaas("tenants", "create", "acme", "--name", "ACME SA", "--tier", "tier-1")
    assert made.out == "Made tenant acme on tier-1, 200.00 € of credit left.\n"
    paid = llmaas("tenants", "credit", "acme", "50.5", "--reference", "invoice 7")
    assert "250.50 €" in paid.out
    (tenant,) = json.loads(llmaas("tenants", "list", "--json").out)
    assert (tenant["name"], tenant["credited_eur"]) == ("ACME SA", "250.500000000000")
    assert "ACME SA" in llmaas("tenants", "list").out


def test_a_tenant_moves_to_another_tier_and_is_closed(llmaas, acme):
    changed = llmaas("tenants", "change", "acme", "--tier", "tier-2", "--daily-tokens", "5")
    assert changed.code == Exit.OK
    (tenant,) = json.loads(llmaas("tenants", "list", "--json").out)
    assert (tenant["tier"], tenant["quota"]) == ("tier-2", {"output_tokens_per_day": 5})
    assert llmaas("tenants", "close", "acme").code == Exit.OK
    assert "closed" in llmaas("tenants", "list").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tenants", "create", "x", "--name", "X", "--tier", "gold"), "tier-1"),
        (("tenants", "credit", "nobody", "5", "--reference", "r"), "'nobody'"),
        (("tenants", "credit", "acme", "five", "--reference", "r"), "12.50"),
        (("tenants", "create", "acme", "--name", "X"), "already"),
        (("keys", "create", "--name", "k", "--tenant", "nobody"), "llmaas tenants list"),
        (("keys", "create", "--name", "k", "--endpoints", "chat"), "chat.completions"),
        (("keys", "show", "nothing"), "llmaas keys list"),
        (("keys", "rotate", "nothing"), "llmaas keys list"),
        (("bill", "--tenant", "nobody", "--month", "2026-11"), "'nobody'"),
        (("bill", "--tenant", "acme", "--month", "November"), "2026-11"),
    ],
)
def test_what_cannot_be_is_told_in_a_line_with_what_can(llmaas, acme, arguments, told):
    done = llmaas(*arguments)
    assert done.code == Exit.USAGE
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_key_with_limits_is_shown_and_rotated(llmaas, acme):
    made = json.loads(
        llmaas(
            *("keys", "create", "--name", "rag", "--tenant", "acme", "--json"),
            *("--endpoints", "embeddings", "--monthly-cap", "5", "--rotate-days", "30"),
        ).out
    )
    shown = json.loads(llmaas("keys", "show", made["id"], "--json").out)
    assert shown["endpoints"] == ["embeddings"]
    assert shown["quota"] == {"monthly_cap_eur": "5"}
    assert "rag" in llmaas("keys", "show", made["id"]).out
    rotated = json.loads(llmaas("keys", "rotate", made["id"], "--grace-hours", "1", "--json").out)
    assert (rotated["replaces"], rotated["rotate_days"]) == (made["id"], 30)
    assert rotated["key"].startswith(f"llmaas_{rotated['id']}_")
    old = json.loads(llmaas("keys", "show", made["id"], "--json").out)
    assert old["successor"] == rotated["id"]
    assert old["expires_at"] is not None
    again = llmaas("keys", "rotate", made["id"])
    assert again.code == Exit.USAGE
    assert rotated["id"] in again.err


def test_a_bill_says_the_same_to_people_and_programs(llmaas, acme):
    month = ("bill", "--tenant", "acme", "--month", "2026-11")
    facts = json.loads(llmaas(*month, "--format", "json").out)
    assert facts["due_eur"] == "5.70"  # 3 × (1.0000009 + 0.00000 …) × 0.9 € + 3 × 0.25 × 4 €
    assert sum(Decimal(line["amount_eur"]) for line in facts["lines"]) == Decimal("5.7000027")
    assert "due,,,,,5.70" in llmaas(*month, "--format", "csv").out
    text = llmaas(*month).out
    assert "3 requests" in text
    assert "Due: 5.70 €" in text
    empty = llmaas("bill", "--tenant", "acme", "--month", "2026-10").out
    assert "Due: 0.00 €" in empty


def test_the_trail_is_verified_and_exported(llmaas, acme):
    verified = llmaas("audit", "verify")
    assert "unbroken" in verified.out
    lines = [json.loads(line) for line in llmaas("audit", "export").out.splitlines()]
    assert [line["record"]["action"] for line in lines] == ["tenant.create"]
    assert verified.out.strip().endswith(lines[-1]["hash"])
    assert llmaas("audit", "export", "--tenant", "other").out == ""


def test_a_trail_is_exported_piece_by_piece_and_whole(tmp_path, monkeypatch):
    store = open_store(state_dir(tmp_path))
    for number in range(7):
        change = Change(at_ms=number, actor="a test", action=f"test.{number}", tenant="acme")
        store.write(lambda transaction, change=change: transaction.records.append(change))
    monkeypatch.setattr(audit, "PAGE", 3)
    assert [line.seq for line in audit._lines(store, None, 0)] == [1, 2, 3, 4, 5, 6, 7]
    assert [line.seq for line in audit._lines(store, "acme", 4)] == [5, 6, 7]
    assert list(audit._lines(store, "other", 0)) == []
    store.close()


def test_the_database_is_checked_copied_and_restored(llmaas, acme, tmp_path):
    assert "adds up" in llmaas("db", "check").out
    assert "schema version" in llmaas("db", "upgrade").out
    copy = tmp_path / "copy.db"
    assert llmaas("db", "backup", copy).code == Exit.OK
    again = llmaas("db", "backup", copy)
    assert (again.code, "exists already" in again.err) == (Exit.USAGE, True)
    llmaas("tenants", "close", "acme")
    restored = llmaas("db", "restore", copy)
    assert restored.code == Exit.OK, restored.err
    (tenant,) = json.loads(llmaas("tenants", "list", "--json").out)
    assert tenant["closed_at"] is None
    assert (acme / "accounts.db.before").exists()


def test_a_database_that_does_not_add_up_is_told(llmaas, acme):
    store = Store(
        acme / "accounts.db", master=(acme / "secret").read_bytes().strip(), clock_ms=lambda: 0
    )
    store.write(lambda t: t.database.execute("update tenant set spent_pico = spent_pico - 1"))
    store.write(lambda t: t.database.execute("update audit set at_ms = at_ms + 1, body = '{}'"))
    store.close()
    done = llmaas("db", "check")
    assert done.code == Exit.PROBLEMS
    assert "the ledger adds up to" in done.out
    assert "broken at record 1" in done.out
    assert llmaas("audit", "verify").code == Exit.PROBLEMS


def test_without_its_secret_a_database_is_not_opened(llmaas, acme):
    (acme / "secret").unlink()
    done = llmaas("tenants", "list")
    assert done.code == Exit.CANNOT_START
    assert "LLMAAS_SECRET_FILE" in done.err
    assert not (acme / "secret").exists()


def secret_of(state):
    return (state / "secret").read_bytes().strip()


def test_the_master_secret_is_replaced_and_keys_stay_valid(llmaas, acme):
    key = json.loads(llmaas("keys", "create", "--name", "rag", "--tenant", "acme", "--json").out)
    before = secret_of(acme)
    done = llmaas("db", "rotate-secret")
    assert done.code == Exit.OK, done.err
    assert "values sealed anew" in done.out
    assert secret_of(acme) != before
    assert not (acme / "secret.next").exists()
    (tenant,) = json.loads(llmaas("tenants", "list", "--json").out)
    assert tenant["name"] == "ACME SA"
    with closing(Store(acme / "accounts.db", master=secret_of(acme), clock_ms=lambda: 0)) as store:
        assert Directory(store).authenticate(key["key"])
    last = json.loads(llmaas("audit", "export").out.splitlines()[-1])["record"]
    assert (last["action"], "(command line)" in last["actor"]) == ("secret.rotate", True)
    with pytest.raises(VaultError):
        Store(acme / "accounts.db", master=before, clock_ms=lambda: 0)


def test_a_rotation_killed_before_its_last_step_is_ended_by_the_next_command(llmaas, acme):
    old, new = secret_of(acme), b"n" * 64
    (acme / "secret.next").write_bytes(new)
    with closing(Store(acme / "accounts.db", master=old, clock_ms=lambda: 0)) as store:
        rekey(store, old, new, actor="a test")  # … and the process is gone
    assert llmaas("tenants", "list").code == Exit.OK
    assert (secret_of(acme), (acme / "secret.next").exists()) == (new, False)


def test_a_rotation_killed_before_the_database_changed_is_begun_anew(llmaas, acme):
    old = secret_of(acme)
    (acme / "secret.next").write_bytes(b"n" * 64)
    assert llmaas("tenants", "list").code == Exit.OK
    assert secret_of(acme) == old
    assert llmaas("db", "rotate-secret").code == Exit.OK
    assert secret_of(acme) not in {old, b"n" * 64}


def test_an_operators_own_secret_is_replaced_by_another_file(llmaas, acme, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(secret_of(acme))
    second.write_bytes(b"s" * 64)
    named = {"LLMAAS_SECRET_FILE": str(first)}
    assert llmaas("db", "rotate-secret", **named).code == Exit.USAGE
    missing = llmaas("db", "rotate-secret", "--new-secret-file", tmp_path / "c", **named)
    assert (missing.code, "no such file" in missing.err) == (Exit.USAGE, True)
    done = llmaas("db", "rotate-secret", "--new-secret-file", second, **named)
    assert done.code == Exit.OK, done.err
    assert f"LLMAAS_SECRET_FILE={second}" in done.out
    assert llmaas("tenants", "list", LLMAAS_SECRET_FILE=str(second)).code == Exit.OK
    assert llmaas("tenants", "list", **named).code == Exit.CANNOT_START
