"""The store: groups of writes, the chain of the audit trail, sealed columns, migrations."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.accounts.conftest import MASTER, Clock, Databases

from llmaas.accounts import audit, schema
from llmaas.accounts.audit import Change
from llmaas.accounts.database import DatabaseError, SqliteDatabase, open_database
from llmaas.accounts.store import Store, Transaction
from llmaas.accounts.vault import VaultError


def note(action: str) -> Change:
    return Change(at_ms=1, actor="a test", action=action)


def write(store: Store, *actions: str) -> None:
    store.write(lambda transaction: transaction.records.extend(map(note, actions)))


def actions(store: Store) -> list[str]:
    lines = store.read(lambda database: list(audit.read(database)))
    return [line.record.action for line in lines if isinstance(line.record, Change)]


def test_many_writers_share_one_transaction(store: Store) -> None:
    gate = threading.Event()
    transactions = set()

    async def all_at_once() -> None:
        first = store.commit(lambda _: gate.wait(10))
        await asyncio.sleep(0)
        others = [
            store.commit(lambda transaction: transactions.add(id(transaction))) for _ in range(50)
        ]
        gate.set()
        await asyncio.gather(first, *others)

    asyncio.run(all_at_once())
    assert len(transactions) <= 2


def test_what_was_waited_for_is_on_disk(place: Path | str, store: Store, clock: Clock) -> None:
    write(store, "one")
    other = Store(place, master=MASTER, clock_ms=clock)
    assert actions(other) == ["one"]
    other.close()


def test_one_that_fails_does_not_take_the_others_with_it(store: Store) -> None:
    def failing(transaction: Transaction) -> None:
        transaction.records.append(note("failing"))
        raise ZeroDivisionError

    async def together() -> list[BaseException | None]:
        gate = threading.Event()
        works = [store.commit(lambda _: gate.wait(10))]
        works += [
            store.commit(lambda transaction, n=n: transaction.records.append(note(f"{n}")))  # type: ignore[misc]
            for n in range(3)
        ]
        works.append(store.commit(failing))  # type: ignore[arg-type]
        gate.set()
        return list(await asyncio.gather(*works, return_exceptions=True))  # type: ignore[arg-type]

    results = asyncio.run(together())
    assert isinstance(results[-1], ZeroDivisionError)
    assert actions(store) == ["0", "1", "2"]


def test_work_is_done_although_nobody_waits_any_more(store: Store) -> None:
    async def impatient() -> None:
        store.commit(lambda transaction: transaction.records.append(note("late"))).cancel()
        await store.commit(lambda _: None)

    asyncio.run(impatient())
    assert actions(store) == ["late"]


def test_a_chain_that_nobody_touched_is_whole(store: Store) -> None:
    assert store.verify_audit().broken_at is None
    for group in range(5):
        write(store, *(f"{group}.{n}" for n in range(3)))
    found = store.verify_audit()
    assert (found.records, found.broken_at) == (15, None)


@pytest.mark.parametrize(
    ("damage", "broken_at"),
    [
        ("update audit set body = replace(body, 'a3', 'b3') where seq = 3", 3),
        ("delete from audit where seq = 2", 2),
        ("delete from audit where seq = 5", 5),
        ("update audit set seq = 9 where seq = 1", 1),
        ("update audit_head set hash = 'x'", 6),
        ("insert into audit select 6, at_ms, tenant, kind, body, hash from audit where seq = 5", 6),
    ],
)
def test_a_record_that_was_changed_removed_or_added_breaks_the_chain(
    store: Store, damage: str, broken_at: int
) -> None:
    write(store, "a1", "a2", "a3", "a4", "a5")
    store.write(lambda transaction: transaction.database.execute(damage))
    assert store.verify_audit().broken_at == broken_at


def test_a_sealed_value_opens_in_its_place_only(store: Store) -> None:
    sealed = store.vault.seal("ACME", "tenant.name:a")
    assert store.vault.unseal(sealed, "tenant.name:a") == "ACME"
    assert store.vault.seal("ACME", "tenant.name:a") != sealed
    with pytest.raises(VaultError, match=r"tenant\.name:b"):
        store.vault.unseal(sealed, "tenant.name:b")
    with pytest.raises(VaultError, match="cannot be decrypted"):
        store.vault.unseal(sealed[:-4] + "AAA=", "tenant.name:a")


def test_another_secret_does_not_open_the_database(
    place: Path | str, store: Store, clock: Clock
) -> None:
    with pytest.raises(VaultError, match="LLMAAS_SECRET_FILE"):
        Store(place, master=b"another", clock_ms=clock)


def test_upgrading_twice_changes_nothing(place: Path | str, store: Store) -> None:
    database = open_database(place)
    assert schema.upgrade(database) == schema.VERSION
    database.close()


def test_a_database_of_a_newer_version_is_refused(place: Path | str, clock: Clock) -> None:
    database = open_database(place)
    schema.upgrade(database)
    with database.writing():
        database.set_version(99)
    database.close()
    with pytest.raises(DatabaseError, match="version 99"):
        Store(place, master=MASTER, clock_ms=clock)


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    path.write_text("no database" * 100)
    with pytest.raises(DatabaseError, match=r"accounts\.db.*move it away"):
        SqliteDatabase(path)
    with pytest.raises(DatabaseError, match="postgresql://"):
        open_database("mysql://host/database")


def test_only_the_owner_reads_the_file(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "new" / "accounts.db"
    Store(path, master=MASTER, clock_ms=clock).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)


def test_a_server_that_restarts_is_connected_to_again(databases: Databases, clock: Clock) -> None:
    if isinstance(databases(), Path):
        pytest.skip("a file has no server that could restart")
    url = str(databases())
    store = Store(url, master=MASTER, clock_ms=clock)
    write(store, "before")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    with pytest.raises(psycopg.OperationalError):
        write(store, "lost, and told so")
    write(store, "after")
    assert actions(store) == ["before", "after"]
    store.close()
