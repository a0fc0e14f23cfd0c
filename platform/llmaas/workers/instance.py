"""One worker process, from spawn to exit. Which ones run, and when, `pools` decides."""

import asyncio
import signal
import socket
import subprocess
from dataclasses import dataclass

from llmaas.workers.client import WorkerConnection
from llmaas.workers.deployment import ServedModel
from llmaas.workers.failures import LoadError
from llmaas.workers.protocol import Load, Measure, Ready
from llmaas.workers.spawning import spawn_worker

_POLL_S = 0.01


@dataclass(frozen=True)
class Supervision:
    """How patient the gateway is with a worker, in seconds."""

    start_timeout_s: float = 600.0
    """Large weights come from slow disks."""
    ping_interval_s: float = 2.0
    ping_timeout_s: float = 30.0
    """Without any answer the process is taken for dead; pings are answered during engine steps."""
    step_timeout_s: float = 300.0
    """An engine step longer than this hangs."""
    stop_grace_s: float = 2.0
    """Between closing the connection, SIGTERM and SIGKILL."""
    stable_after_s: float = 60.0
    """A worker that ran this long starts with a clean record after a crash."""


class Instance:
    """A worker process and its connection.

    Args:
        connection: to the process.
        limits: how patient to be.
        process: `None` where it is another machine's, which looks after it.
        n_threads: of the worker; 0 is as its machine thinks best.
    """

    def __init__(
        self,
        connection: WorkerConnection,
        limits: Supervision,
        *,
        process: subprocess.Popen[bytes] | None,
        n_threads: int,
    ) -> None:
        self._process = process
        self._limits = limits
        self._n_threads = n_threads
        self.connection = connection

    @classmethod
    async def spawn(cls, pool: str, limits: Supervision, *, n_threads: int) -> "Instance":
        """Start a process on this machine that waits for its `Load`."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = spawn_worker(pool, theirs)
        try:
            connection = await WorkerConnection.connect(ours)
        except BaseException:
            ours.close()
            process.kill()
            process.wait()
            raise
        return cls(connection, limits, process=process, n_threads=n_threads)

    @property
    def pid(self) -> int | None:
        """Process id, on this machine."""
        return None if self._process is None else self._process.pid

    async def measure(self, served: ServedModel) -> int:
        """Bytes the model will need where the process is.

        Raises:
            LoadError: with the worker's reason.
        """
        self.connection.measure(Measure(spec=served.spec))
        try:
            async with asyncio.timeout(self._limits.ping_timeout_s):
                return await asyncio.shield(self.connection.measured)
        except TimeoutError as error:
            silent_s = self._limits.ping_timeout_s
            raise LoadError(f"no answer for {silent_s:.0f} s") from error

    async def load(self, served: ServedModel) -> Ready:
        """Load the model.

        Raises:
            LoadError: with the worker's reason.
        """
        self.connection.load(
            Load(
                spec=served.spec,
                weights_path="" if served.machines else str(served.weights_path),
                mmproj_path=None if served.mmproj_path is None else str(served.mmproj_path),
                n_threads=self._n_threads,
            )
        )
        try:
            async with asyncio.timeout(self._limits.start_timeout_s):
                return await asyncio.shield(self.connection.ready)
        except TimeoutError as error:
            raise LoadError(f"not loaded after {self._limits.start_timeout_s:.0f} s") from error
        except LoadError as error:
            if not self.connection.lost.is_set():
                raise
            raise LoadError(f"{error} ({await self._exit()})") from error

    async def failure(self) -> str:
        """Wait until the worker crashes or hangs; says which."""
        clock = asyncio.get_running_loop().time
        asked_at = clock()
        self.connection.ping()
        while True:
            try:
                async with asyncio.timeout(self._limits.ping_interval_s):
                    await self.connection.lost.wait()
            except TimeoutError:
                pass
            else:
                return f"the worker ended ({await self._exit()})"
            answered_at, pong = self.connection.last_pong
            # Loading may have taken longer than any ping: silence counts from the first one on.
            silent_s = clock() - max(answered_at, asked_at)
            if silent_s > self._limits.ping_timeout_s:
                return f"no answer to pings for {silent_s:.0f} s"
            if pong.step_age_s is not None and pong.step_age_s > self._limits.step_timeout_s:
                return f"an engine step is running for {pong.step_age_s:.0f} s"
            self.connection.ping()

    async def stop(self) -> None:
        """End the process and wait until it is gone. It may have ended already."""
        self.connection.close()
        if self._process is None:
            return
        for escalate in (self._process.terminate, self._process.kill):
            if await self._exited_within(self._limits.stop_grace_s):
                return
            escalate()
        while not await self._exited_within(self._limits.stop_grace_s):
            pass

    async def _exit(self) -> str:
        if self._process is None or not await self._exited_within(self._limits.stop_grace_s):
            return "connection lost"
        status = self._process.returncode
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"

    async def _exited_within(self, seconds: float) -> bool:
        """Polls: a child watcher would tie us to one kind of event loop."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        assert self._process is not None
        while self._process.poll() is None:
            if clock() >= until:
                return False
            await asyncio.sleep(_POLL_S)
        return True
