"""The accounts of a serving process: directory, book, journal, ledger, from start to end."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from llmaas.accounts.account import Booked
from llmaas.accounts.administration import Administration
from llmaas.accounts.audit import AuditRecord
from llmaas.accounts.book import Book
from llmaas.accounts.directory import Directory
from llmaas.accounts.journal import Journal
from llmaas.accounts.ledger import LedgerEntry
from llmaas.accounts.limiter import Limiter, LimiterUnavailableError, LocalLimiter
from llmaas.accounts.months import month_of
from llmaas.accounts.pruning import prune
from llmaas.accounts.recovery import open_book, settle_left_behind
from llmaas.accounts.rotation import rotate_due
from llmaas.accounts.store import Store, Transaction

LEASE_S = 60.0
COUNT_AGAIN_S = 5.0
"""How soon what a dead process left is offered again to a book that did not answer."""

REFRESH_S = 0.4
"""How soon a change made in another process is noticed, where requests do not ask themselves."""

ROTATE_S = 600.0
"""How often keys that are due for rotation are looked for: their policies count in days."""

PRUNE_S = 3600.0
"""How often records of the audit trail whose time is over are looked for."""

_log = logging.getLogger(__name__)


class Accounts:
    """What outlives a bundle. Made before the first request and closed after the last."""

    def __init__(
        self,
        store: Store,
        *,
        journals: Path,
        time_zone: ZoneInfo,
        lease_s: float = LEASE_S,
        windows: str | None = None,
    ) -> None:
        """Settle what dead processes left, and open the book.

        Args:
            store: the database; it is closed with the accounts.
            journals: directory of the journals of running streams.
            time_zone: of the service, for calendar months.
            lease_s: after which an unattended reservation ends.
            windows: URL of a Valkey or Redis that several processes share; `None` where this
                process is the only one.
        """
        self.store = store
        self.directory = Directory(store)
        self.administration = Administration(store, self.directory)
        self.audit_days: int | None = None
        """Days the audit trail is kept, as the served catalogue has it; `None` is for ever."""
        self._left = settle_left_behind(store, journals)
        self.recovered = len(self._left)
        self.journal = Journal(journals)
        self.book = Book(lease_s=lease_s)
        open_book(store, self.book, month=month_of(store.clock_ms(), time_zone))
        self.limiter: Limiter = LocalLimiter(self.book)
        if windows is not None:
            from llmaas.accounts.shared import SharedLimiter  # noqa: PLC0415 - an extra

            self.limiter = SharedLimiter(
                windows, store, month=lambda at_ms: month_of(at_ms, time_zone), lease_s=lease_s
            )
        self.directory.refresh()

    @property
    def clock_ms(self) -> Callable[[], int]:
        """Unix time in milliseconds."""
        return self.store.clock_ms

    def record(
        self, entry: LedgerEntry | None, *records: AuditRecord, journalled: int | None = None
    ) -> "asyncio.Future[None]":
        """Write to ledger and audit trail; the future is done when it is on disk.

        Args:
            entry: a settled request.
            records: for the audit trail.
            journalled: number of the stream in the journal, closed once it is in the ledger.
        """

        def work(transaction: Transaction) -> None:
            if entry is not None:
                transaction.entries.append(entry)
            transaction.records.extend(records)

        def written(future: "asyncio.Future[None]") -> None:
            if future.cancelled():
                # It is written all the same; the journal goes on saying so until the next start.
                _log.error("nobody waited until the ledger was written")
            elif (error := future.exception()) is not None:
                _log.error("ledger or audit trail not written", exc_info=error)
            elif journalled is not None:
                self.journal.closed(journalled)

        future = self.store.commit(work)
        future.add_done_callback(written)
        return future

    async def keep(self) -> None:
        """Notice what other processes change and renew what is held; run it beside the requests."""
        await asyncio.gather(
            self._count_left(),
            self._keep_fresh(),
            self._keep_rotated(),
            self._keep_pruned(),
            self.limiter.keep_alive(),
        )

    async def _count_left(self) -> None:
        for entry in self._left:
            request = entry.request
            booked = Booked(
                request.tenant,
                request.key,
                request.month,
                entry.settled_ms,
                entry.usage.completion_tokens,
                entry.cost_pico,
            )
            while True:
                try:
                    await self.limiter.count_left(booked, self.clock_ms())
                except LimiterUnavailableError as error:
                    _log.warning("what a dead process left is not counted yet: %s", error)
                    await asyncio.sleep(COUNT_AGAIN_S)
                else:
                    break

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await asyncio.to_thread(self.directory.refresh)
            except Exception:
                _log.exception("the directory of keys could not be read again; trying on")

    async def _keep_rotated(self) -> None:
        while True:
            try:
                rotated = await asyncio.to_thread(
                    rotate_due,
                    self.administration,
                    signing_secret=self.store.vault.signing_secret,
                )
            except Exception:
                _log.exception("keys that are due could not be rotated; trying on")
            else:
                for each in rotated:
                    if each.problem is None:
                        _log.info("key %s was rotated to %s", each.key, each.successor)
                    else:
                        _log.error("key %s was not rotated: %s", each.key, each.problem)
            await asyncio.sleep(ROTATE_S)

    async def _keep_pruned(self) -> None:
        while True:
            if (days := self.audit_days) is not None:
                try:
                    left = await asyncio.to_thread(prune, self.store, days=days)
                except Exception:
                    _log.exception("the audit trail could not be pruned; trying on")
                else:
                    _log.info("%d records older than %d days left the audit trail", left, days)
            await asyncio.sleep(PRUNE_S)

    def close(self) -> None:
        """Finish writing and let go."""
        self.store.close()
        with contextlib.suppress(OSError):
            self.journal.close()
