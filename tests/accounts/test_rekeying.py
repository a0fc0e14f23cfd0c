"""Another master secret: everything opens as before, with the new one only, or nothing happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.accounts.conftest import CONTRACT, MASTER, Clock, Databases, columns_of_the_schema

from llmaas.accounts import rekeying
from llmaas.accounts.administration import Administration
from llmaas.accounts.contacts import change_contact, contacts
from llmaas.accounts.database import DatabaseError, open_database
from llmaas.accounts.directory import Directory
from llmaas.accounts.rekeying import SEALED, rekey
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import NewKey
from llmaas.accounts.vault import VaultError

ME = "a test"
NEW = b"another master secret of 32 bytes"


@pytest.fixture
def used(place: Path | str, clock: Clock) -> Iterator[tuple[Store, str]]:
    """A store with a value in every sealed column, and the token of a key."""
    store = Store(place, master=MASTER, clock_ms=clock)
    administration = Administration(store)
    administration.create_tenant("acme", "ACME Société", CONTRACT, actor=ME)
    administration.change_tenant("acme", delivery="file:/run/keys/acme", actor=ME)
    change_contact(store, "acme", mail="ops@acme.example", webhook="https://acme.example", actor=ME)
    _, token = administration.create_key(NewKey("Projet Hélène", tenant="acme"), actor=ME)
    yield store, token
    store.close()


def sealed_columns(store: Store) -> dict[tuple[str, str], list[str]]:
    """Every value of every column that is sealed, as the schema has them."""
    found = {}
    for table, column in columns_of_the_schema():
        if column.endswith("_sealed"):
            sql = f"select {column} from {table} where {column} is not null"
            values = store.read(lambda database, sql=sql: database.execute(sql))  # type: ignore[misc]
            found[table, column] = [str(value) for (value,) in values]
    return found


def test_every_sealed_column_of_the_schema_is_sealed_anew(store: Store) -> None:
    named = {(table, f"{name}_sealed") for table, names in SEALED.items() for name in names}
    assert named == set(sealed_columns(store))


def test_everything_opens_with_the_new_secret_and_nothing_with_the_old(
    used: tuple[Store, str], place: Path | str, clock: Clock
) -> None:
    store, token = used
    before = sealed_columns(store)
    assert all(len(values) >= 1 for values in before.values())
    done = rekey(store, MASTER, NEW, actor=ME)
    assert done.values == sum(map(len, before.values()))
    old_key = store.vault.current
    with pytest.raises(VaultError, match="LLMAAS_SECRET_FILE"):
        Store(place, master=MASTER, clock_ms=clock)
    reopened = Store(place, master=NEW, clock_ms=clock)
    try:
        for column, values in sealed_columns(reopened).items():
            assert not set(values) & set(before[column])
            assert not [value for value in values if value.startswith(f"{old_key}.")]
        directory = Directory(reopened)
        tenant = directory.tenant("acme")
        assert (tenant.name, tenant.delivery) == ("ACME Société", "file:/run/keys/acme")
        assert contacts(reopened)["acme"].mail == "ops@acme.example"
        key = directory.authenticate(token)
        assert key is not None
        assert key.name == "Projet Hélène"
        assert reopened.verify_audit().broken_at is None
        assert rekey(reopened, NEW, MASTER, actor=ME).values == done.values
    finally:
        reopened.close()


def test_a_rotation_that_dies_on_the_way_has_changed_nothing(
    used: tuple[Store, str], place: Path | str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, token = used
    before = sealed_columns(store)
    whole, calls = rekeying._reseal, []

    def dying(*arguments: object) -> int:
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError("no space left")
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rekeying, "_reseal", dying)
    with pytest.raises(OSError, match="no space"):
        rekey(store, MASTER, NEW, actor=ME)
    again = Store(place, master=MASTER, clock_ms=clock)
    try:
        assert sealed_columns(again) == before
        directory = Directory(again)
        directory.refresh()
        assert directory.authenticate(token)
    finally:
        again.close()
    with pytest.raises(VaultError):
        Store(place, master=NEW, clock_ms=clock)


def test_a_wrong_old_secret_changes_nothing(used: tuple[Store, str]) -> None:
    store, _ = used
    before = sealed_columns(store)
    with pytest.raises(VaultError, match="not the one"):
        rekey(store, b"not the one", NEW, actor=ME)
    assert sealed_columns(store) == before


def test_a_server_in_use_by_another_process_is_left_alone(
    used: tuple[Store, str], databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = used
    if isinstance(databases(), Path):
        pytest.skip("who uses a file is told by the lock of its state directory")
    with monkeypatch.context() as patch:
        patch.setattr("llmaas.accounts.postgresql._WHO", "llmaas another")
        other = open_database(databases())
    try:
        with pytest.raises(DatabaseError, match="1 connections of other processes"):
            rekey(store, MASTER, NEW, actor=ME)
    finally:
        other.close()
