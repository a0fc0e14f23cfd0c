"""Does everything add up? Checks of a whole database, and its online copy."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from llmaas.accounts import audit
from llmaas.accounts.database import Database, DatabaseError, SqliteDatabase
from llmaas.accounts.money import to_eur


def imbalances(database: Database, checkpoint_secret: bytes) -> Iterator[str]:
    """What does not add up, in words; nothing when the database is sound.

    Args:
        database: all of it is read.
        checkpoint_secret: with which the audit trail's checkpoints are signed.
    """
    if isinstance(database, SqliteDatabase):
        for (found,) in database.execute("pragma integrity_check"):
            if found != "ok":
                yield f"the file is damaged: {found}"
    for table, column, what in (
        ("ledger", "spent_pico", "cost_pico"),
        ("credit", "credited_pico", "amount_pico"),
    ):
        rows = database.execute(
            f"select tenant.id, tenant.{column}, coalesce(sum({table}.{what}), 0) from tenant "  # noqa: S608
            f"left join {table} on {table}.tenant = tenant.id group by tenant.id, tenant.{column}"
        )
        for tenant, kept, summed in rows:
            if int(kept) != int(summed):
                yield (
                    f"tenant {tenant}: {column} is {to_eur(int(kept))} €, the {table} adds up to "
                    f"{to_eur(int(summed))} €"
                )
    found = audit.verify(database, checkpoint_secret)
    if found.broken_at is not None:
        yield f"the audit trail is broken at record {found.broken_at}"


def copy_to(database: Database, target: Path) -> None:
    """An exact copy of the database, taken while it is in use.

    Raises:
        DatabaseError: the target exists, or the database has tools of its own.
    """
    if not isinstance(database, SqliteDatabase):
        raise DatabaseError(
            f"{database.name} is copied with its own tools: pg_dump --format=custom --file {target}"
        )
    if target.exists():
        raise DatabaseError(f"{target} exists already; choose another file")
    target.touch(mode=0o600)
    with closing(sqlite3.connect(target)) as copy:
        database.connection.backup(copy)
