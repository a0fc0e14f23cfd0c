"""A service that answers, and can become another version of itself while it does.

    load      what is new in the next version starts and answers once, beside what runs
    build     its app, with its tables, its accounts' prices and its documentation
    switch    one reference: the next request is answered by the next version
    drain     requests that run end on the version they began with; then its workers go

Until the switch nothing has changed for anybody, so whatever fails before leaves all as it was.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from llmaas.accounts import Accounts
from llmaas.bundle import Bundle
from llmaas.cli.service.listener import Listener
from llmaas.cli.version import program_version
from llmaas.gateway import GatewayServer, Refusal, Version, create_app
from llmaas.gateway.layer import ScreeningMemory
from llmaas.gateway.metrics import Metrics
from llmaas.workers import DeployedPools, RemoteMachine, ServedModel, Workers

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """Everything one process serves from."""

    bundle: Bundle
    catalogue_sha256: str
    deployment: dict[str, ServedModel]
    accounts: Accounts
    docs_dir: Path | None
    today: Callable[[], date]
    memory_budget_bytes: int
    machine_name: str
    n_threads: int
    admin_token: str | None
    windows: str | None = None
    """URL of the server that several processes share; `None` where this is the only one."""
    machines: tuple[RemoteMachine, ...] = ()
    """Others on which models run."""


@dataclass(frozen=True)
class Switch:
    """What became of a change of version."""

    version: Version
    ending: int
    """Requests that end on the version before."""
    started: tuple[str, ...]
    """Pools that got a new worker."""
    kept: tuple[str, ...]
    """Pools with the same model as before."""


class Running:
    """Workers, app and HTTP server of one process. Used on one event loop."""

    def __init__(self, service: Service, listener: Listener) -> None:
        """Put it together; `start` starts it.

        Args:
            service: the first version.
            listener: the port to serve on.
        """
        self.service = service
        self.version = Version(service.catalogue_sha256, program_version(), datetime.now(UTC))
        self.refused: Refusal | None = None
        """The last version that was not taken over."""
        self.url = listener.url
        self._workers = Workers(
            service.deployment,
            memory_budget_bytes=service.memory_budget_bytes,
            machine_name=service.machine_name,
            n_threads=service.n_threads,
            machines=service.machines,
        )
        self._metrics = Metrics()
        # A customer's last prompts count on, whatever bundle they met.
        self._screening_memory = ScreeningMemory.fresh()
        if service.windows is not None:
            self._screening_memory = ScreeningMemory.shared_by_processes(
                service.windows,
                secret=service.accounts.store.vault.history_secret,
                now_ms=service.accounts.clock_ms,
            )
        app = self._app(service, self._workers.deployed, self.version)
        service.accounts.audit_days = service.bundle.service.audit_retention_days
        self._server = GatewayServer(app, listener.socket)
        self._endings: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to answer."""
        await self._workers.start()
        await self._server.start()

    async def ended(self) -> None:
        """Return when the HTTP server has ended by itself."""
        await self._server.wait()

    async def stop(self) -> None:
        """Let running requests finish, then end the workers."""
        await self._server.stop()
        for ending in self._endings:
            ending.cancel()
        await self._workers.stop()
        await self._screening_memory.close()

    async def become(
        self, service: Service, *, committing: Callable[[], Awaitable[None]]
    ) -> Switch:
        """Serve another version; requests that run end on the one they began with.

        Args:
            service: the next version; budget, machine and threads stay those of the start.
            committing: called when nothing can fail any more but itself, right before the switch.

        Raises:
            ReconfigurationFailed: a model does not load; all is as it was.
        """
        before, pools_before = self.version, self._workers.deployed
        version = Version(
            service.catalogue_sha256,
            program_version(),
            datetime.now(UTC),
            previous=replace(before, previous=None),
        )

        async def switch(pools: DeployedPools) -> None:
            # Building takes a while; streams go on meanwhile.
            app = await asyncio.to_thread(self._app, service, pools, version)
            await committing()
            old = self._server.switch(app)
            self.service, self.version = service, version
            service.accounts.audit_days = service.bundle.service.audit_retention_days
            ending = asyncio.create_task(self._end(old, pools_before, before))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

        old_app = self._server.app
        pools = await self._workers.reconfigure(service.deployment, on_loaded=switch)
        kept = [p for p, slot in pools.slots.items() if pools_before.slots.get(p) == slot]
        return Switch(
            version,
            ending=self._server.running(old_app),
            started=tuple(pool for pool in pools.slots if pool not in kept),
            kept=tuple(kept),
        )

    async def _end(self, app: Any, pools: DeployedPools, version: Version) -> None:
        await self._server.drained(app)
        pools.release()
        _log.info("catalogue %s: its last request has ended", version.short)

    def _app(self, service: Service, pools: DeployedPools, version: Version) -> Any:
        return create_app(
            service.bundle,
            workers=pools,
            deployment=service.deployment,
            accounts=service.accounts,
            docs_dir=service.docs_dir,
            today=service.today,
            version=version,
            refused=lambda: self.refused,
            admin_token=service.admin_token,
            screening_memory=self._screening_memory,
            metrics=self._metrics,
        )
