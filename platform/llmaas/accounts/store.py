"""The store: one database, read by anyone, written by one thread in groups.

Whoever writes hands over a piece of work and waits. The writer takes everything that waits, runs it
in one transaction and commits once, so a commit that takes a millisecond is shared by all requests
that end in that millisecond. What was answered is on disk.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from llmaas.accounts import audit, ledger, schema
from llmaas.accounts.audit import AuditRecord
from llmaas.accounts.database import Database, open_database
from llmaas.accounts.ledger import LedgerEntry
from llmaas.accounts.vault import Vault, open_vault

T = TypeVar("T")
GROUP_AT_MOST = 1024


@dataclass
class Transaction:
    """What a piece of work may do. Entries and records are written together at the end."""

    database: Database
    entries: list[LedgerEntry] = field(default_factory=list)
    records: list[AuditRecord] = field(default_factory=list)

    def finish(self) -> None:
        """Write what was gathered."""
        ledger.record(self.database, self.entries)
        audit.append(self.database, self.records)


Work = Callable[[Transaction], T]


@dataclass
class _Waiting:
    work: Work[Any]
    done: Callable[[Any, BaseException | None], None]
    loop: asyncio.AbstractEventLoop | None


class Store:
    """The database of accounts. Usable from several threads and several processes."""

    def __init__(self, place: Path | str, *, master: bytes, clock_ms: Callable[[], int]) -> None:
        """Open the database and bring its schema up to date.

        Args:
            place: path of an SQLite file, or URL of a PostgreSQL database.
            master: the secret that opens its sealed columns.
            clock_ms: Unix time in milliseconds.

        Raises:
            DatabaseError: it cannot be used.
        """
        self.place = place
        self.clock_ms = clock_ms
        self._reader = open_database(place)
        self._reading = threading.Lock()
        try:
            schema.upgrade(self._reader)
            self.vault: Vault = open_vault(self._reader, master, now_ms=clock_ms())
        except BaseException:
            self._reader.close()
            raise
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def name(self) -> str:
        """For people: where it is."""
        return self._reader.name

    @property
    def is_local(self) -> bool:
        """Whether asking is so quick that it may be done on the event loop."""
        return isinstance(self.place, Path)

    def read(self, question: Callable[[Database], T]) -> T:
        """Ask the database."""
        with self._reading:
            try:
                return question(self._reader)
            except Exception:
                if _answers(self._reader):
                    raise
            # The connection to the server is gone; a new one may well be had.
            self._reader.close()
            self._reader = open_database(self.place)
            return question(self._reader)

    def accounts_version(self) -> int:
        """A number that grows whenever a tenant or a key changes, in whichever process."""
        sql = "select value from counter where name = 'accounts'"
        return self.read(lambda database: int(database.execute(sql)[0][0]))

    def verify_audit(self) -> audit.Verification:
        """Check the whole audit trail."""
        secret = self.vault.checkpoint_secret
        return self.read(lambda database: audit.verify(database, secret))

    def write(self, work: Work[T]) -> T:
        """Do a piece of work and wait until it is on disk. Not for the event loop."""
        future: Future[T] = Future()

        def done(result: Any, error: BaseException | None) -> None:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._enqueue(_Waiting(work, done, None))
        return future.result()

    def commit(self, work: Work[T]) -> asyncio.Future[T]:
        """Do a piece of work; the future is done when it is on disk.

        The work is done whether or not somebody waits for the future.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._enqueue(_Waiting(work, done, loop))
        return future

    def close(self) -> None:
        """Finish what waits, and let go of the database."""
        with self._starting:
            writer, self._writer = self._writer, None
        if writer is not None:
            self._queue.put(None)
            writer.join()
        with self._reading:
            self._reader.close()

    def _enqueue(self, waiting: _Waiting) -> None:
        if self._writer is None:
            with self._starting:
                if self._writer is None:
                    self._writer = threading.Thread(
                        target=self._write, name="accounts-writer", daemon=True
                    )
                    self._writer.start()
        self._queue.put(waiting)

    def _write(self) -> None:
        database: Database | None = None
        ended = False
        while not ended:
            group = [self._queue.get()]
            while len(group) < GROUP_AT_MOST and not self._queue.empty():
                group.append(self._queue.get())
            ended = None in group
            waiting = [each for each in group if each is not None]
            try:
                database = database or open_database(self.place)
            except Exception as error:
                _tell([(each, None, error) for each in waiting])
                continue
            if not self._commit(database, waiting) and not _answers(database):
                database.close()
                database = None
        if database is not None:
            database.close()

    def _commit(self, database: Database, group: list[_Waiting]) -> bool:
        """Do a group; whether all of it was done."""
        try:
            results = _transaction(database, group)
        except BaseException as error:
            if len(group) > 1:
                # One piece of work spoils the transaction of all: each gets one of its own.
                done = [self._commit(database, [waiting]) for waiting in group]
                return all(done)
            _tell([(waiting, None, error) for waiting in group])
            return False
        _tell([(w, result, None) for w, result in zip(group, results, strict=True)])
        return True


def _answers(database: Database) -> bool:
    """Whether a connection is still one."""
    try:
        database.execute("select 1")
    except Exception:
        return False
    return True


def _transaction(database: Database, group: list[_Waiting]) -> list[Any]:
    if not group:
        return []
    with database.writing():
        transaction = Transaction(database)
        results = [waiting.work(transaction) for waiting in group]
        transaction.finish()
    return results


def _tell(outcomes: list[tuple[_Waiting, Any, BaseException | None]]) -> None:
    """Wake those who wait; all of one event loop with one call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}
    for waiting, result, error in outcomes:
        if waiting.loop is None:
            waiting.done(result, error)
        else:
            calls = by_loop.setdefault(waiting.loop, [])
            calls.append(lambda w=waiting, r=result, e=error: w.done(r, e))  # type: ignore[misc]
    for loop, calls in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_call_all, calls)


def _call_all(calls: list[Callable[[], None]]) -> None:
    for call in calls:
        call()
