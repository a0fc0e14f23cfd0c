"""The models that can run: started when asked for, evicted when idle, restarted when crashed.

A slot is a pool's name, or that and a number where another model is or was served under this name.
All state lives on the event loop and changes between two `await`s. What to do is decided by
`eviction` and `restarts`; this file does it. `design.md` has the states as a table.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from llmaas.workers.deployment import ServedModel
from llmaas.workers.eviction import Refusal, Resident, eviction_for
from llmaas.workers.failures import LoadError, WorkerUnavailable
from llmaas.workers.instance import Instance, Supervision
from llmaas.workers.lease import Lease
from llmaas.workers.machines import Machines
from llmaas.workers.memory import memory_needed
from llmaas.workers.restarts import Failures, after_failure
from llmaas.workers.runs import Run
from llmaas.workers.status import PoolState, PoolStatus

_RETRY_AFTER_S = 60
"""For what will not change by itself soon."""

_log = logging.getLogger(__name__)


class Slots:
    """All slots of one gateway.

    Args:
        served: what the first slots have; `measure` them before any lease.
        machines: where they run.
        supervision: how patient to be.
    """

    def __init__(
        self, served: Mapping[str, ServedModel], machines: Machines, supervision: Supervision
    ) -> None:
        self.served = dict(served)
        self.failures: dict[str, Failures] = {}
        self.loading: set[str] = set()
        """Added by a `reconfigure` that has not switched to them yet."""
        self._machines = machines
        self._supervision = supervision
        self._runs: dict[str, Run] = {}
        self._memory_needed: dict[str, int | str] = {}
        self._memory_freed = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()
        self._stopping = False

    async def measure(self, slots: Mapping[str, ServedModel]) -> None:
        """Find out what these need."""
        self._memory_needed |= await asyncio.to_thread(_measured, slots)

    def never_fitting(self) -> list[str]:
        """Of the models of this machine that cannot be started beside its pinned ones: why."""
        here = {
            slot: Resident(served.spec.pool, needed, served.spec.pinned, 0, 0)
            for slot, served in self.served.items()
            if not served.machines and isinstance(needed := self._memory_needed[slot], int)
        }
        decisions = [
            eviction_for(
                resident.pool,
                resident.memory_bytes,
                [each for each in here.values() if each.pinned and each is not resident],
                budget_bytes=self._machines.memory_budget_bytes,
            )
            for resident in here.values()
        ]
        return [decision.message for decision in decisions if isinstance(decision, Refusal)]

    async def stop(self) -> None:
        """End every run and wait until none is left. Requests still running fail."""
        self._stopping = True
        for timer in self._timers:
            timer.cancel()
        running = [(run, run.task) for run in self._runs.values() if run.task is not None]
        for run, task in running:
            if run.state is not PoolState.STOPPING:  # otherwise it waits for its process already
                task.cancel()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)

    def runs(self, slot: str) -> bool:
        """Whether a slot has a run, started or starting."""
        return slot in self._runs

    def change(self, slot: str, served: ServedModel) -> None:
        """What a slot has from now on, without a new run."""
        self.served[slot] = served
        if (run := self._runs.get(slot)) is not None:
            run.served = served

    def discard(self, slot: str) -> None:
        """Nobody starts it again; a run that it has drains and stops."""
        for by_slot in (self.served, self._memory_needed, self.failures):
            by_slot.pop(slot, None)
        self.drain(slot)

    def drain(self, slot: str) -> None:
        """Stop its run when the last request of it has ended."""
        if (run := self._runs.get(slot)) is not None:
            run.draining = True
            self._stop_if_drained(run)

    def start_pinned(self, slot: str) -> None:
        """Begin a run of a slot, if it is pinned and has none."""
        served = self.served.get(slot)
        if served is None or not served.spec.pinned or slot in self._runs or self._stopping:
            return
        try:
            self._start(served.spec.pool, slot)
        except WorkerUnavailable as error:
            _log.error("pinned model %s: %s", served.spec.pool, error)

    @asynccontextmanager
    async def lease(self, pool: str, slot: str) -> AsyncIterator[Lease]:
        """Hold a ready worker, starting one if there is none.

        Raises:
            WorkerUnavailable: it cannot be started, or not now.
        """
        run = await self._run_of(pool, slot)
        run.leases += 1
        try:
            # Shielded: one request giving up must not cancel the start that others wait for.
            ready = await asyncio.shield(run.ready)
            assert run.instance is not None
            run.last_used = _now()
            yield Lease(run.served, ready, run.machine, run.instance.connection)
        finally:
            run.leases -= 1
            run.last_used = _now()
            self._stop_if_drained(run)

    def status(self, pool: str, slot: str) -> PoolStatus:
        """What a slot does now."""
        served, failures = self.served[slot], self.failures.get(slot)
        run = self._runs.get(slot)
        common = PoolStatus(
            pool,
            PoolState.STOPPED if failures is None else PoolState.FAILED,
            stand_in=served.stand_in,
            pinned=served.spec.pinned,
            failures=0 if failures is None else failures.count,
            reason=None if failures is None else failures.reason,
        )
        if run is None:
            return common
        ready = run.ready
        loaded = ready.done() and not ready.cancelled() and ready.exception() is None
        return replace(
            common,
            state=PoolState.STOPPING if run.draining else run.state,
            leases=run.leases,
            pid=None if run.instance is None else run.instance.pid,
            n_ctx=ready.result().n_ctx if loaded else None,
            memory_bytes=run.memory_bytes if run.holds_memory else None,
        )

    # Finding and starting

    async def _run_of(self, pool: str, slot: str) -> Run:
        while True:
            run = self._runs.get(slot)
            if run is None:
                return self._start(pool, slot)
            if run.takes_leases:
                return run
            await run.gone.wait()

    def _start(self, pool: str, slot: str) -> Run:
        """Begin a run; raises `WorkerUnavailable` when that makes no sense now."""
        if self._stopping:
            raise WorkerUnavailable("the service is shutting down", _RETRY_AFTER_S)
        if slot not in self.served:
            raise WorkerUnavailable(f"{pool} is not deployed here", _RETRY_AFTER_S)
        needed = self._memory_needed.get(slot, "the workers have not been started")
        if isinstance(needed, str):
            raise WorkerUnavailable(needed, _RETRY_AFTER_S)
        failures = self.failures.get(slot)
        if failures is not None and (wait_s := failures.retry_at - _now()) > 0:
            raise WorkerUnavailable(f"{pool}: {failures.reason}", math.ceil(wait_s))
        run = Run(
            pool,
            slot,
            self.served[slot],
            needed,
            ready=asyncio.get_running_loop().create_future(),
            last_used=_now(),
            machine=self._machines.here,
        )
        # A start nobody waits for any more may fail unheard; the record has the reason.
        run.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._runs[slot] = run
        run.task = asyncio.create_task(self._carry_out(run), name=f"worker {slot}")
        return run

    # One run

    async def _carry_out(self, run: Run) -> None:
        ready_at: float | None = None
        reason: str | None = None
        try:
            if run.served.machines:
                await self._reach(run)
            await self._make_room(run)
            run.state = PoolState.STARTING
            if run.instance is None:
                threads = self._machines.n_threads
                run.instance = await Instance.spawn(run.pool, self._supervision, n_threads=threads)
            ready = await run.instance.load(run.served)
            run.state, ready_at = PoolState.READY, _now()
            run.memory_bytes = max(run.memory_bytes, ready.memory_bytes)
            run.ready.set_result(ready)
            reason = await run.failure_or_stop()
        except WorkerUnavailable as error:
            run.ready.set_exception(error)
            if run.served.spec.pinned:
                _log.error("pinned model %s: %s", run.pool, error)
        except (LoadError, OSError) as error:
            reason = str(error)
        except Exception as error:
            _log.exception("supervising worker %s", run.pool)
            reason = f"{type(error).__name__}: {error}"
        finally:
            await self._end(run)
            if reason is not None:
                self._record_failure(run, reason, ready_at)
            elif ready_at is not None:
                self.failures.pop(run.slot, None)  # it was well when it was told to stop
            if not run.ready.done():
                reason = reason or "the service is shutting down"
                run.ready.set_exception(WorkerUnavailable(f"{run.pool}: {reason}", 1))

    async def _reach(self, run: Run) -> None:
        """A process on the first of its machines on which one can be had.

        Raises:
            LoadError: on none of them; with every reason.
        """
        reasons = []
        for name in run.served.machines:
            machine = self._machines.others[name]
            try:
                run.instance, run.memory_bytes = await machine.reach(run.served, self._supervision)
            except LoadError as error:
                reasons.append(str(error))
            else:
                run.machine = name
                return
        raise LoadError("; ".join(reasons))

    async def _make_room(self, run: Run) -> None:
        """Wait until the worker fits, after telling others to leave where they must."""
        budget_bytes = self._machines.budget_bytes(run.machine)
        while not run.stop.is_set():
            others = [
                other
                for other in self._runs.values()
                if other is not run and other.machine == run.machine
            ]
            residents = [other.resident for other in others if not other.draining]
            decision = eviction_for(
                run.pool, run.memory_bytes, residents, budget_bytes=budget_bytes
            )
            if isinstance(decision, Refusal):
                raise WorkerUnavailable(decision.message, None)
            for slot in decision:
                self.drain(slot)
            used = sum(other.memory_bytes for other in others if other.holds_memory)
            if used + run.memory_bytes <= budget_bytes:
                return
            self._memory_freed.clear()
            await self._memory_freed.wait()
        raise WorkerUnavailable(f"{run.pool} made room for another model", 1)

    async def _end(self, run: Run) -> None:
        if run.instance is not None:
            run.state = PoolState.STOPPING
            await run.instance.stop()
        del self._runs[run.slot]
        run.gone.set()
        self._memory_freed.set()

    def _record_failure(self, run: Run, reason: str, ready_at: float | None) -> None:
        now = _now()
        failures = after_failure(
            self.failures.get(run.slot),
            reason=reason,
            now=now,
            ran_s=0.0 if ready_at is None else now - ready_at,
            stable_after_s=self._supervision.stable_after_s,
        )
        if run.slot in self.served:  # nobody asks any more for what was discarded
            self.failures[run.slot] = failures
        _log.error("worker %s: %s (failure %d)", run.pool, reason, failures.count)
        if run.served.spec.pinned and not (self._stopping or run.slot in self.loading):
            self._restart_at(run.slot, failures.retry_at)

    def _restart_at(self, slot: str, when: float) -> None:
        def restart() -> None:
            self._timers.discard(timer)
            self.start_pinned(slot)

        timer = asyncio.get_running_loop().call_at(when, restart)
        self._timers.add(timer)

    def _stop_if_drained(self, run: Run) -> None:
        if run.draining and run.leases == 0:
            run.stop.set()
            self._memory_freed.set()  # it may itself be waiting for room


def _now() -> float:
    return asyncio.get_running_loop().time()


def _measured(slots: Mapping[str, ServedModel]) -> dict[str, int | str]:
    """Memory of each slot in bytes, or why it cannot be told; other machines tell later."""
    needed: dict[str, int | str] = {}
    for slot, served in slots.items():
        try:
            needed[slot] = (
                0
                if served.machines
                else memory_needed(
                    served.spec, weights_path=served.weights_path, mmproj_path=served.mmproj_path
                )
            )
        except (OSError, ValueError) as error:
            needed[slot] = f"{served.spec.pool}: {error}"
    return needed
