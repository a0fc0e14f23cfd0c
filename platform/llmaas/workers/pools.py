"""The pools of a deployment, which may become another one while they answer.

Which model has a worker, and which worker leaves, `slots` looks after; here is which slot stands
for which pool, and when a slot is needed no more.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import count

from llmaas.workers.deployed import DeployedPools
from llmaas.workers.deployment import ServedModel
from llmaas.workers.failures import GenerationFailed, WorkerUnavailable
from llmaas.workers.instance import Supervision
from llmaas.workers.lease import Lease
from llmaas.workers.machines import Machines, RemoteMachine
from llmaas.workers.reconfiguration import ReconfigurationFailed, reconfiguration_for
from llmaas.workers.slots import Slots
from llmaas.workers.status import PoolStatus
from llmaas.workers.warming import warm

_log = logging.getLogger(__name__)


class Workers:
    """All pools of a deployment, which may change while they answer (`reconfigure`).

    Args:
        deployment: what can be started, by pool.
        memory_budget_bytes: for all workers of this machine together.
        machine_name: of this machine, reported with every answer.
        n_threads: of each worker here; leave a core to the gateway.
        machines: others, on which pools may be placed (`ServedModel.machines`).
        supervision: how patient to be.
    """

    def __init__(
        self,
        deployment: Mapping[str, ServedModel],
        *,
        memory_budget_bytes: int,
        machine_name: str,
        n_threads: int,
        machines: Sequence[RemoteMachine] = (),
        supervision: Supervision | None = None,
    ) -> None:
        others = {machine.name: machine for machine in machines}
        where = Machines(machine_name, memory_budget_bytes, n_threads, others)
        self._slots = Slots(deployment, where, supervision or Supervision())
        self._deployed = self._pools({pool: pool for pool in deployment})
        self._in_use = {self._deployed}
        self._revisions = count(2)
        self._reconfiguring = asyncio.Lock()

    async def start(self) -> None:
        """Measure what every pool needs and begin to start the pinned ones; does not wait for them.

        Called once, before any lease.
        """
        await self._slots.measure(self._slots.served)
        if reasons := self._slots.never_fitting():
            _log.warning(
                "%s cannot be called, the first because %s",
                "1 model" if len(reasons) == 1 else f"{len(reasons)} models",
                reasons[0],
            )
        for slot in list(self._slots.served):
            self._slots.start_pinned(slot)

    async def stop(self) -> None:
        """End every worker and wait until none is left. Requests still running fail."""
        await self._slots.stop()

    @property
    def deployed(self) -> DeployedPools:
        """The pools that are served now."""
        return self._deployed

    def lease(self, pool: str) -> AbstractAsyncContextManager[Lease]:
        """Hold a ready worker of `pool`, starting one if there is none.

        Entering raises `WorkerUnavailable` when it cannot be started, or not now.
        """
        return self._deployed.lease(pool)

    def status(self) -> list[PoolStatus]:
        """Every pool of the deployment, in its order."""
        return self._deployed.status()

    async def reconfigure(
        self,
        deployment: Mapping[str, ServedModel],
        *,
        on_loaded: Callable[[DeployedPools], Awaitable[None]] | None = None,
    ) -> DeployedPools:
        """Serve another deployment: load what is new in it, then switch to it.

        Whoever holds the deployment before goes on with it until it is released.

        Args:
            deployment: what is to be served, by pool.
            on_loaded: called when everything is loaded; the switch follows when it returns, and
                does not when it raises.

        Raises:
            ReconfigurationFailed: a model does not load, or never fits; all is as it was.
        """
        async with self._reconfiguring:
            slots_before = self._deployed.slots
            before = {pool: self._slots.served[slot] for pool, slot in slots_before.items()}
            running = {pool for pool, slot in slots_before.items() if self._slots.runs(slot)}
            decision = reconfiguration_for(before, deployment, running=running)
            slots = {
                pool: slots_before[pool]
                if pool in before and pool not in decision.retire
                else self._new_slot(pool)
                for pool in deployment
            }
            new = {slots[pool]: deployment[pool] for pool in deployment}
            added = {slot: s for slot, s in new.items() if slot not in self._slots.served}
            self._slots.served |= added
            self._slots.loading = set(added)
            try:
                await self._slots.measure(added)
                for pool in decision.load:
                    await self._load(pool, slots[pool])
                    if pool in decision.check:
                        self._slots.drain(slots[pool])
                deployed = self._pools(slots)
                if on_loaded is not None:
                    await on_loaded(deployed)
            except BaseException:
                for slot in added:
                    self._slots.discard(slot)
                raise
            finally:
                self._slots.loading = set()
            for slot, served in new.items():
                self._slots.change(slot, served)  # what is kept may be pinned now, or no more
            self._deployed = deployed
            self._in_use.add(deployed)
            return deployed

    async def _load(self, pool: str, slot: str) -> None:
        try:
            async with self._slots.lease(pool, slot) as lease:
                await warm(lease)
        except (WorkerUnavailable, GenerationFailed) as error:
            reason = str(error).removeprefix(f"{pool}: ")
            raise ReconfigurationFailed(pool, reason) from error

    def _pools(self, slots: Mapping[str, str]) -> DeployedPools:
        return DeployedPools(slots, self._slots.lease, self._slots.status, self._release)

    def _new_slot(self, pool: str) -> str:
        taken = pool in self._slots.served or self._slots.runs(pool)
        return f"{pool}@{next(self._revisions)}" if taken else pool

    def _release(self, deployed: DeployedPools) -> None:
        self._in_use.discard(deployed)
        used = {slot for each in (self._deployed, *self._in_use) for slot in each.slots.values()}
        for slot in self._slots.served.keys() - used - self._slots.loading:
            self._slots.discard(slot)
