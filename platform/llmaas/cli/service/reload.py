"""Taking over a bundle of the store: verified, loaded, switched to; or refused with the reason."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from llmaas.bundle import BundleError, read_manifest
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.bundle_store import BundleStore
from llmaas.cli.service.control import Refused, Say, Serve, Served, Step
from llmaas.cli.service.history import Entry
from llmaas.cli.service.running import Running, Service
from llmaas.cli.service.served_audit import applied, relaxed
from llmaas.cli.version import program_version
from llmaas.gateway import Refusal
from llmaas.workers import ReconfigurationFailed

_log = logging.getLogger(__name__)

Progress = Callable[[str], None]
Prepare = Callable[[str, Service, Progress], Service]
"""The service of a bundle in the store, beside the one that is served; runs in a thread.

It raises `CommandError`, `BundleError` or `OSError` where there can be none.
"""


class Reloader:
    """Carries out what commands ask of a running service, one after the other."""

    def __init__(self, running: Running, store: BundleStore, prepare: Prepare) -> None:
        """Look after one service.

        Args:
            running: the service.
            store: where bundles are, and which one is served.
            prepare: makes a service of a bundle.
        """
        self._running = running
        self._store = store
        self._prepare = prepare
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, asked: Serve, by: str, say: Say) -> Served | Refused:
        """Serve a bundle, or go on as before and say why."""
        async with self._one_at_a_time:
            try:
                return await self._take_over(asked, by, say)
            except (CommandError, BundleError, ReconfigurationFailed, OSError) as error:
                reason = error.message if isinstance(error, CommandError) else str(error)
            except Exception as error:
                _log.exception("bundle %s was not taken over", asked.bundle)
                reason = f"{type(error).__name__}: {error}; the service's log has more"
            await self._refuse(asked, by, reason)
            return Refused(reason)

    async def _take_over(self, asked: Serve, by: str, say: Say) -> Served:
        loop = asyncio.get_running_loop()
        previous = self._store.current

        def progress(text: str) -> None:
            asyncio.run_coroutine_threadsafe(say(Step(text)), loop)

        async def committing() -> None:
            await asyncio.to_thread(self._store.point_to, asked.bundle)

        before = self._running.service
        service = await asyncio.to_thread(self._prepare, asked.bundle, before, progress)
        _require_the_same_days(before, service)
        await say(Step("Load what changed"))
        switch = await self._running.become(service, committing=committing)
        _log.info("serving catalogue %s, asked for by %s", switch.version.short, by)
        await self._record(asked, by, service.catalogue_sha256)
        accounts, at_ms = service.accounts, service.accounts.clock_ms()
        tables = before.bundle.security, service.bundle.security
        accounts.record(None, *relaxed(*tables, by=by, at_ms=at_ms))
        return Served(
            bundle=asked.bundle,
            url=self._running.url,
            catalogue_sha256=service.catalogue_sha256,
            previous=previous,
            ending=switch.ending,
            started=switch.started,
            kept=len(switch.kept),
        )

    async def _refuse(self, asked: Serve, by: str, reason: str) -> None:
        _log.error("bundle %s was refused, %s asked for it: %s", asked.bundle, by, reason)
        try:
            manifest = await asyncio.to_thread(read_manifest, self._store.directory(asked.bundle))
            sha256 = manifest.catalogue_sha256
        except BundleError:
            sha256 = ""
        self._running.refused = Refusal(sha256, datetime.now(UTC), reason)
        await self._record(asked, by, sha256, reason=reason)

    async def _record(
        self, asked: Serve, by: str, catalogue_sha256: str, *, reason: str | None = None
    ) -> None:
        entry = Entry(
            at=datetime.now(UTC),
            by=by,
            action=asked.action,
            bundle=asked.bundle,
            catalogue_sha256=catalogue_sha256,
            program_version=program_version(),
            outcome="serving" if reason is None else "refused",
            reason=reason,
        )
        accounts = self._running.service.accounts
        accounts.record(None, applied(entry, at_ms=accounts.clock_ms()))
        try:
            await asyncio.to_thread(self._store.record, entry)
        except OSError:
            # What is served is served; a full disk must not make it look otherwise.
            _log.exception("the history of bundles was not written: %s", entry)


def _require_the_same_days(before: Service, after: Service) -> None:
    """Months and windows of the accounts were opened in one time zone.

    Raises:
        CommandError: it is another one.
    """
    old, new = before.bundle.service.time_zone, after.bundle.service.time_zone
    if old != new:
        raise CommandError(
            Exit.PROBLEMS,
            f"service.time_zone changes from {old} to {new}, and the running accounts count days "
            "and months in the first; stop the service and start it again to change it",
        )
