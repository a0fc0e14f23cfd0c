"""The data inventory names what the database holds: every table and column, in one class each."""

from pathlib import Path

import pytest
from tests.accounts.conftest import columns_of_the_schema

from llmaas.accounts.database import Database
from llmaas.accounts.rekeying import SEALED
from llmaas.accounts.store import Store
from llmaas.bundle.inventory import INVENTORY, class_of_column


def columns_of(database: Database) -> set[tuple[str, str]]:
    """As the database itself lists them."""
    try:
        tables = database.execute("select name from sqlite_master where type = 'table'")
    except Exception:
        found = database.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'public'"
        )
        return {(str(table), str(column)) for table, column in found}
    return {
        (str(table), str(row[1]))
        for (table,) in tables
        for row in database.execute(f"pragma table_info({table})")
    }


def test_every_column_of_the_database_is_in_one_class(store: Store, place: Path | str) -> None:
    there = store.read(columns_of)
    assert len(there) > 50
    classes = {column: [each.id for each in class_of_column(*column)] for column in there}
    assert {column: ids for column, ids in classes.items() if len(ids) != 1} == {}
    named = {
        (table, column)
        for each in INVENTORY
        for table, columns in each.columns.items()
        for column in columns
    }
    only_on_postgresql = {("schema_version", "version")}
    assert named - there <= (only_on_postgresql if isinstance(place, Path) else set())


def test_what_is_sealed_is_said_to_be_sealed_and_nothing_else() -> None:
    sealed = {(table, f"{name}_sealed") for table, names in SEALED.items() for name in names}
    for table, column in columns_of_the_schema():
        (found,) = class_of_column(table, column)
        assert (found.encrypted == "sealed") == ((table, column) in sealed)


@pytest.mark.parametrize("each", INVENTORY, ids=lambda each: each.id)
def test_every_class_is_somewhere_and_read_by_somebody(each: object) -> None:
    where = (each.memory, each.columns, each.files)  # type: ignore[attr-defined]
    assert any(where)
    assert each.readers  # type: ignore[attr-defined]
