"""One run of a pool, from the decision to start it until its process is gone."""

import asyncio
from dataclasses import dataclass, field

from llmaas.workers.deployment import ServedModel
from llmaas.workers.eviction import Resident
from llmaas.workers.instance import Instance
from llmaas.workers.protocol import Ready
from llmaas.workers.status import PoolState


@dataclass(eq=False)
class Run:
    """What is known of it; `Slots` changes it."""

    pool: str
    slot: str
    served: ServedModel
    memory_bytes: int
    """Estimated, and then what the process says; 0 until another machine has told."""
    ready: asyncio.Future[Ready]
    last_used: float
    machine: str
    """By its name; which one of several is known when it has been reached."""
    state: PoolState = PoolState.WAITING
    leases: int = 0
    draining: bool = False
    """No new leases; stops when the last one is released."""
    instance: Instance | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def takes_leases(self) -> bool:
        """Whether a request may begin with it, or wait for it."""
        lost = self.instance is not None and self.instance.connection.lost.is_set()
        return not (self.draining or lost or self.gone.is_set())

    @property
    def holds_memory(self) -> bool:
        """Whether its memory counts."""
        return self.state is not PoolState.WAITING

    @property
    def resident(self) -> Resident:
        """As `eviction` sees it."""
        return Resident(
            self.slot, self.memory_bytes, self.served.spec.pinned, self.leases, self.last_used
        )

    async def failure_or_stop(self) -> str | None:
        """Wait until it fails, with the reason, or is told to stop."""
        assert self.instance is not None
        failure = asyncio.create_task(self.instance.failure())
        stop = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({failure, stop}, return_when=asyncio.FIRST_COMPLETED)
            return failure.result() if failure.done() else None
        finally:
            failure.cancel()
            stop.cancel()
