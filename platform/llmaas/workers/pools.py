"""The workers of one machine: started when asked for, evicted when idle, restarted when crashed.

All state lives on the event loop and changes between two `await`s. What to do is decided by
`eviction` and `restarts`; this file does it. `design.md` has the states as a table.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from llmaas.workers.deployed import DeployedPools
from llmaas.workers.deployment import ServedModel
from llmaas.workers.eviction import Refusal, Resident, eviction_for
from llmaas.workers.failures import GenerationFailed, LoadError, WorkerUnavailable
from llmaas.workers.instance import Instance, Supervision
from llmaas.workers.lease import Lease
from llmaas.workers.memory import memory_needed
from llmaas.workers.protocol import Ready
from llmaas.workers.reconfiguration import ReconfigurationFailed, reconfiguration_for
from llmaas.workers.restarts import Failures, after_failure
from llmaas.workers.status import PoolState, PoolStatus
from llmaas.workers.warming import warm

_RETRY_AFTER_S = 60
"""For what will not change by itself soon."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Worker:
    """One run of a pool, from the decision to start it until its process is gone."""

    pool: str
    slot: str
    served: ServedModel
    memory_bytes: int
    ready: asyncio.Future[Ready]
    last_used: float
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
        lost = self.instance is not None and self.instance.connection.lost.is_set()
        return not (self.draining or lost or self.gone.is_set())

    @property
    def holds_memory(self) -> bool:
        return self.state is not PoolState.WAITING


class Workers:
    """All pools of a deployment, which may change while they answer (`reconfigure`).

    A worker is kept in a *slot*: the pool's name, or that and a number where another model is or
    was served under this name. Slots are the keys of all state here.

    Args:
        deployment: what can be started, by pool.
        memory_budget_bytes: for all workers together.
        machine_name: reported with every answer.
        n_threads: of each worker; leave a core to the gateway.
        supervision: how patient to be.
    """

    def __init__(
        self,
        deployment: Mapping[str, ServedModel],
        *,
        memory_budget_bytes: int,
        machine_name: str,
        n_threads: int,
        supervision: Supervision | None = None,
    ) -> None:
        self._slots = dict(deployment)
        self._deployed = self._pools({pool: pool for pool in deployment})
        self._in_use = {self._deployed}
        self._loading: set[str] = set()
        """Slots that a `reconfigure` has added and not yet switched to."""
        self._revisions = count(2)
        self._reconfiguring = asyncio.Lock()
        self._budget_bytes = memory_budget_bytes
        self._machine_name = machine_name
        self._n_threads = n_threads
        self._supervision = supervision or Supervision()
        self._workers: dict[str, _Worker] = {}
        self._failures: dict[str, Failures] = {}
        self._memory_needed: dict[str, int | str] = {}
        self._memory_freed = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()
        self._stopping = False

    async def start(self) -> None:
        """Measure what every pool needs and begin to start the pinned ones; does not wait for them.

        Called once, before any lease.
        """
        self._memory_needed = await asyncio.to_thread(_measure, self._slots)
        for slot, served in self._slots.items():
            if served.spec.pinned:
                self._start_pinned(slot)

    async def stop(self) -> None:
        """End every worker and wait until none is left. Requests still running fail."""
        self._stopping = True
        for timer in self._timers:
            timer.cancel()
        running = [(w, w.task) for w in self._workers.values() if w.task is not None]
        for worker, task in running:
            if worker.state is not PoolState.STOPPING:  # otherwise it waits for its process already
                task.cancel()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)

    @property
    def deployed(self) -> DeployedPools:
        """The pools that are served now."""
        return self._deployed

    def lease(self, pool: str) -> AbstractAsyncContextManager[Lease]:
        """Hold a ready worker of `pool`, starting one if there is none.

        Entering raises `WorkerUnavailable` when it cannot be started, or not now.
        """
        return self._deployed.lease(pool)

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
            before = {pool: self._slots[slot] for pool, slot in self._deployed.slots.items()}
            running = {pool for pool, slot in self._deployed.slots.items() if slot in self._workers}
            decision = reconfiguration_for(before, deployment, running=running)
            slots = {
                pool: self._deployed.slots[pool]
                if pool in before and pool not in decision.retire
                else self._new_slot(pool)
                for pool in deployment
            }
            new = {slots[pool]: deployment[pool] for pool in deployment}
            added = {slot: served for slot, served in new.items() if slot not in self._slots}
            self._slots |= added
            self._loading = set(added)
            try:
                self._memory_needed |= await asyncio.to_thread(_measure, added)
                for pool in decision.load:
                    await self._load(pool, slots[pool])
                    if pool in decision.check:
                        self._drain(slots[pool])
                deployed = self._pools(slots)
                if on_loaded is not None:
                    await on_loaded(deployed)
            except BaseException:
                for slot in added:
                    self._discard(slot)
                raise
            finally:
                self._loading = set()
            self._slots |= new  # what is kept may be pinned from now on, or no more
            for slot in new.keys() & self._workers.keys():
                self._workers[slot].served = new[slot]
            self._deployed = deployed
            self._in_use.add(deployed)
            return deployed

    async def _load(self, pool: str, slot: str) -> None:
        try:
            async with self._lease(pool, slot) as lease:
                await warm(lease)
        except (WorkerUnavailable, GenerationFailed) as error:
            reason = str(error).removeprefix(f"{pool}: ")
            raise ReconfigurationFailed(pool, reason) from error

    def _pools(self, slots: Mapping[str, str]) -> DeployedPools:
        return DeployedPools(slots, self._lease, self._pool_status, self._release)

    def _new_slot(self, pool: str) -> str:
        taken = pool in self._slots or pool in self._workers
        return f"{pool}@{next(self._revisions)}" if taken else pool

    def _release(self, deployed: DeployedPools) -> None:
        self._in_use.discard(deployed)
        used = {slot for each in (self._deployed, *self._in_use) for slot in each.slots.values()}
        for slot in self._slots.keys() - used - self._loading:
            self._discard(slot)

    def _discard(self, slot: str) -> None:
        """Nobody starts it again; a worker that has it drains and stops."""
        for by_slot in (self._slots, self._memory_needed, self._failures):
            by_slot.pop(slot, None)
        self._drain(slot)

    def _drain(self, slot: str) -> None:
        if (worker := self._workers.get(slot)) is not None:
            worker.draining = True
            self._stop_if_drained(worker)

    @asynccontextmanager
    async def _lease(self, pool: str, slot: str) -> AsyncIterator[Lease]:
        worker = await self._worker(pool, slot)
        worker.leases += 1
        try:
            # Shielded: one request giving up must not cancel the start that others wait for.
            ready = await asyncio.shield(worker.ready)
            assert worker.instance is not None
            worker.last_used = self._now()
            yield Lease(worker.served, ready, self._machine_name, worker.instance.connection)
        finally:
            worker.leases -= 1
            worker.last_used = self._now()
            self._stop_if_drained(worker)

    def status(self) -> list[PoolStatus]:
        """Every pool of the deployment, in its order."""
        return self._deployed.status()

    # Finding and starting

    async def _worker(self, pool: str, slot: str) -> _Worker:
        while True:
            worker = self._workers.get(slot)
            if worker is None:
                return self._start(pool, slot)
            if worker.takes_leases:
                return worker
            await worker.gone.wait()

    def _start(self, pool: str, slot: str) -> _Worker:
        """Begin a run; raises `WorkerUnavailable` when that makes no sense now."""
        if self._stopping:
            raise WorkerUnavailable("the service is shutting down", _RETRY_AFTER_S)
        if slot not in self._slots:
            raise WorkerUnavailable(f"{pool} is not deployed here", _RETRY_AFTER_S)
        needed = self._memory_needed.get(slot, "the workers have not been started")
        if isinstance(needed, str):
            raise WorkerUnavailable(needed, _RETRY_AFTER_S)
        failures = self._failures.get(slot)
        if failures is not None and (wait_s := failures.retry_at - self._now()) > 0:
            raise WorkerUnavailable(f"{pool}: {failures.reason}", math.ceil(wait_s))
        worker = _Worker(
            pool,
            slot,
            self._slots[slot],
            needed,
            ready=asyncio.get_running_loop().create_future(),
            last_used=self._now(),
        )
        # A start nobody waits for any more may fail unheard; the record has the reason.
        worker.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._workers[slot] = worker
        worker.task = asyncio.create_task(self._run(worker), name=f"worker {slot}")
        return worker

    def _start_pinned(self, slot: str) -> None:
        served = self._slots.get(slot)
        if served is None or slot in self._workers or self._stopping:
            return
        try:
            self._start(served.spec.pool, slot)
        except WorkerUnavailable as error:
            _log.error("pinned model %s: %s", served.spec.pool, error)

    # One run

    async def _run(self, worker: _Worker) -> None:
        ready_at: float | None = None
        reason: str | None = None
        try:
            await self._make_room(worker)
            worker.state = PoolState.STARTING
            worker.instance = await Instance.spawn(worker.pool, self._supervision)
            ready = await worker.instance.load(worker.served, n_threads=self._n_threads)
            worker.state, ready_at = PoolState.READY, self._now()
            worker.memory_bytes = max(worker.memory_bytes, ready.memory_bytes)
            worker.ready.set_result(ready)
            reason = await self._failure_or_stop(worker)
        except WorkerUnavailable as error:
            worker.ready.set_exception(error)
            if worker.served.spec.pinned:
                _log.error("pinned model %s: %s", worker.pool, error)
        except (LoadError, OSError) as error:
            reason = str(error)
        except Exception as error:
            _log.exception("supervising worker %s", worker.pool)
            reason = f"{type(error).__name__}: {error}"
        finally:
            await self._end(worker)
            if reason is not None:
                self._record_failure(worker, reason, ready_at)
            elif ready_at is not None:
                self._failures.pop(worker.slot, None)  # it was well when it was told to stop
            if not worker.ready.done():
                reason = reason or "the service is shutting down"
                unavailable = WorkerUnavailable(f"{worker.pool}: {reason}", 1)
                worker.ready.set_exception(unavailable)

    async def _make_room(self, worker: _Worker) -> None:
        """Wait until the worker fits, after telling others to leave where they must."""
        while not worker.stop.is_set():
            others = [w for w in self._workers.values() if w is not worker]
            residents = [
                Resident(w.slot, w.memory_bytes, w.served.spec.pinned, w.leases, w.last_used)
                for w in others
                if not w.draining
            ]
            decision = eviction_for(
                worker.pool, worker.memory_bytes, residents, budget_bytes=self._budget_bytes
            )
            if isinstance(decision, Refusal):
                raise WorkerUnavailable(decision.message, _RETRY_AFTER_S)
            for slot in decision:
                self._drain(slot)
            used = sum(w.memory_bytes for w in others if w.holds_memory)
            if used + worker.memory_bytes <= self._budget_bytes:
                return
            self._memory_freed.clear()
            await self._memory_freed.wait()
        raise WorkerUnavailable(f"{worker.pool} made room for another model", 1)

    async def _failure_or_stop(self, worker: _Worker) -> str | None:
        """Until the worker fails, with the reason, or is told to stop."""
        assert worker.instance is not None
        failure = asyncio.create_task(worker.instance.failure())
        stop = asyncio.create_task(worker.stop.wait())
        try:
            await asyncio.wait({failure, stop}, return_when=asyncio.FIRST_COMPLETED)
            return failure.result() if failure.done() else None
        finally:
            failure.cancel()
            stop.cancel()

    async def _end(self, worker: _Worker) -> None:
        if worker.instance is not None:
            worker.state = PoolState.STOPPING
            await worker.instance.stop()
        del self._workers[worker.slot]
        worker.gone.set()
        self._memory_freed.set()

    def _record_failure(self, worker: _Worker, reason: str, ready_at: float | None) -> None:
        now = self._now()
        failures = after_failure(
            self._failures.get(worker.slot),
            reason=reason,
            now=now,
            ran_s=0.0 if ready_at is None else now - ready_at,
            stable_after_s=self._supervision.stable_after_s,
        )
        if worker.slot in self._slots:  # nobody asks any more for what was discarded
            self._failures[worker.slot] = failures
        _log.error("worker %s: %s (failure %d)", worker.pool, reason, failures.count)
        if worker.served.spec.pinned and not (self._stopping or worker.slot in self._loading):
            self._restart_at(worker.slot, failures.retry_at)

    def _restart_at(self, slot: str, when: float) -> None:
        def restart() -> None:
            self._timers.discard(timer)
            self._start_pinned(slot)

        timer = asyncio.get_running_loop().call_at(when, restart)
        self._timers.add(timer)

    def _stop_if_drained(self, worker: _Worker) -> None:
        if worker.draining and worker.leases == 0:
            worker.stop.set()
            self._memory_freed.set()  # it may itself be waiting for room

    def _pool_status(self, pool: str, slot: str) -> PoolStatus:
        served, failures = self._slots[slot], self._failures.get(slot)
        worker = self._workers.get(slot)
        common = PoolStatus(
            pool,
            PoolState.STOPPED if failures is None else PoolState.FAILED,
            stand_in=served.stand_in,
            pinned=served.spec.pinned,
            failures=0 if failures is None else failures.count,
            reason=None if failures is None else failures.reason,
        )
        if worker is None:
            return common
        ready = worker.ready
        loaded = ready.done() and not ready.cancelled() and ready.exception() is None
        return replace(
            common,
            state=PoolState.STOPPING if worker.draining else worker.state,
            leases=worker.leases,
            pid=None if worker.instance is None else worker.instance.pid,
            n_ctx=ready.result().n_ctx if loaded else None,
            memory_bytes=worker.memory_bytes if worker.holds_memory else None,
        )

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _measure(slots: Mapping[str, ServedModel]) -> dict[str, int | str]:
    """Memory of each slot in bytes, or why it cannot be told."""
    needed: dict[str, int | str] = {}
    for slot, served in slots.items():
        try:
            needed[slot] = memory_needed(
                served.spec, weights_path=served.weights_path, mmproj_path=served.mmproj_path
            )
        except (OSError, ValueError) as error:
            needed[slot] = f"{served.spec.pool}: {error}"
    return needed
