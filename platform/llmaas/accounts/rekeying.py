"""Another master secret: every key is wrapped anew and every sealed column sealed with a new key.

All of it is one transaction, so the database opens with the old secret or with the new one, never
with neither or half. Old data keys stay, wrapped with the new secret and sealing nothing more: they
open what backups and stragglers sealed.
"""

from dataclasses import dataclass

from llmaas.accounts import vault
from llmaas.accounts.audit import Change
from llmaas.accounts.database import Database, DatabaseError
from llmaas.accounts.store import Store, Transaction
from llmaas.accounts.vault import Vault

SEALED = {"tenant": ("name", "delivery"), "api_key": ("name",), "contact": ("mail", "webhook")}
"""Tables with sealed columns, and what each is called without its ending `_sealed`."""


@dataclass(frozen=True)
class Rekeyed:
    """What was done."""

    values: int
    """Sealed anew."""


def rekey(store: Store, old: bytes, new: bytes, *, actor: str) -> Rekeyed:
    """Change the master secret. The store is of no use afterwards: close it.

    Raises:
        VaultError: `old` is not the master secret.
        DatabaseError: another process uses the database and would not know the new key.
    """

    def work(transaction: Transaction) -> Rekeyed:
        database = transaction.database
        others = database.others()
        if others:
            raise DatabaseError(
                f"{database.name}: {others} connections of other processes; stop every service and "
                "command that uses it, then try again"
            )
        now = store.clock_ms()
        fresh = vault.renew(database, old, new, now_ms=now)
        values = sum(
            _reseal(database, fresh, table, column)
            for table, columns in SEALED.items()
            for column in columns
        )
        details = {"values": str(values), "data_key": fresh.current}
        transaction.records.append(
            Change(at_ms=now, actor=actor, action="secret.rotate", details=details)
        )
        transaction.database.execute("update counter set value = value + 1 where name = 'accounts'")
        return Rekeyed(values)

    return store.write(work)


def _reseal(database: Database, fresh: Vault, table: str, column: str) -> int:
    rows = database.execute(
        f"select id, {column}_sealed from {table} where {column}_sealed is not null"  # noqa: S608
    )
    database.execute_many(
        f"update {table} set {column}_sealed = ? where id = ?",  # noqa: S608 - names above
        [
            (fresh.seal(fresh.unseal(sealed, place), place), row_id)
            for row_id, sealed in rows
            for place in (f"{table}.{column}:{row_id}",)
        ],
    )
    return len(rows)
