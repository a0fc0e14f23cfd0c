"""What a start does with what the last process left: settle its broken streams, reopen the book."""

from pathlib import Path

from llmaas.accounts import ledger
from llmaas.accounts.audit import Change
from llmaas.accounts.book import Book
from llmaas.accounts.database import Database
from llmaas.accounts.journal import left_behind
from llmaas.accounts.ledger import LedgerEntry
from llmaas.accounts.limits import DAY_S, Level
from llmaas.accounts.store import Store, Transaction


def settle_left_behind(store: Store, journals: Path) -> list[LedgerEntry]:
    """Put the broken streams of dead processes into the ledger, each once; returns their entries.

    A journal is removed when its streams are on disk, so a crash in here repeats it, and what is in
    the ledger already is left alone.
    """
    settled: list[LedgerEntry] = []
    for left in left_behind(journals):
        settled += store.write(lambda transaction, left=left: _settle(transaction, left.entries))  # type: ignore[misc]
    return settled


def _settle(transaction: Transaction, entries: tuple[LedgerEntry, ...]) -> list[LedgerEntry]:
    settled: list[LedgerEntry] = []
    for entry in entries:
        request = entry.request
        if ledger.recorded(transaction.database, request.request_id):
            continue
        settled.append(entry)
        transaction.entries.append(entry)
        transaction.records.append(
            Change(
                at_ms=entry.settled_ms,
                actor="llmaas",
                action="stream.recovered",
                tenant=request.tenant,
                key=request.key,
                details={
                    "request_id": request.request_id,
                    "completion_tokens": str(entry.usage.completion_tokens),
                },
            )
        )
    return settled


def open_book(store: Store, book: Book, *, month: str) -> None:
    """Carry the sums of the ledger forward into an empty book.

    Args:
        store: where the ledger is.
        book: the empty book.
        month: the calendar month it is.
    """
    since_ms = store.clock_ms() - (DAY_S + 1) * 1000
    store.read(lambda database: _carry_forward(database, book, month, since_ms))


def _carry_forward(database: Database, book: Book, month: str, since_ms: int) -> None:
    of_month = "select {0}, sum(cost_pico) from ledger where month = ? group by {0}"
    tenants: dict[str, int] = dict(database.execute(of_month.format("tenant"), (month,)))
    for tenant, spent in database.execute("select id, spent_pico from tenant"):
        in_month = int(tenants.get(tenant, 0))
        book.opening(Level.TENANT, tenant, month=month, spent=int(spent), in_month=in_month)
    for key, spent in database.execute(of_month.format("key_id"), (month,)):
        book.opening(Level.KEY, key, month=month, spent=0, in_month=int(spent))
    recent = database.execute(
        "select tenant, key_id, settled_ms / 1000, sum(completion_tokens) from ledger "
        "where settled_ms >= ? group by 1, 2, 3 order by 3",
        (since_ms,),
    )
    for tenant, key, second, tokens in recent:
        book.carry_tokens(Level.TENANT, tenant, int(second) * 1000, int(tokens))
        book.carry_tokens(Level.KEY, key, int(second) * 1000, int(tokens))
