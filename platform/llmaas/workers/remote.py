"""Workers on another machine: `llmaas worker --listen` there, `connect_remote` here.

    gateway ══ mutual TLS 1.3 ══ listener ── socket pair ── worker process

One connection is one worker. The listener starts a process for it and passes bytes on without
reading them: the protocol, its credit and its heartbeat are those of a local worker. When either
end of it ends, so does the other one.
"""

import asyncio
import logging
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from llmaas.workers.client import WorkerConnection
from llmaas.workers.spawning import spawn_worker

_log = logging.getLogger(__name__)

_CHUNK_BYTES = 256 * 1024
HANDSHAKE_S = 10.0
CONNECT_S = 15.0
"""A machine that is off answers nothing at all."""
STOP_GRACE_S = 5.0


@dataclass
class WorkerListener:
    """Starts a worker for every gateway that connects and is believed.

    Args:
        context: of the listening end, from `tls.server_context`.
        weights_dir: where this machine's weights are; nothing else is loaded.
        most: workers at once; further connections are closed.
    """

    context: ssl.SSLContext
    weights_dir: Path
    most: int = 64
    _server: asyncio.Server | None = None
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port.

        Raises:
            OSError: the address cannot be used.
        """
        self._server = await asyncio.start_server(
            self._serve,
            host,
            port,
            ssl=self.context,
            ssl_handshake_timeout=HANDSHAKE_S,
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Listen no more, and end every worker."""
        if self._server is not None:
            self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._running) >= self.most:
            _log.error("a gateway was turned away: %d workers run already", self.most)
            writer.close()
            return
        self._running.add(task)
        try:
            await _bridge(reader, writer, self.weights_dir)
        except asyncio.CancelledError:
            pass  # `stop` asked for it, and asyncio logs a cancelled handler as an error
        finally:
            self._running.discard(task)
            writer.close()


async def _bridge(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, weights_dir: Path
) -> None:
    near, far = socket.socketpair()
    with far:
        process = spawn_worker("remote", far, weights_dir)
    worker_reader, worker_writer = await asyncio.open_unix_connection(sock=near)
    ways = [
        asyncio.create_task(_pump(reader, worker_writer)),
        asyncio.create_task(_pump(worker_reader, writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        worker_writer.close()
        await asyncio.to_thread(_reap, process)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass bytes on, no faster than they are taken."""
    with suppress(OSError):
        while chunk := await source.read(_CHUNK_BYTES):
            sink.write(chunk)
            await sink.drain()


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def connect_remote(host: str, port: int, context: ssl.SSLContext) -> WorkerConnection:
    """A new worker on another machine, waiting for its `Load`.

    Args:
        host: as the other end's certificate names it.
        port: where `llmaas worker --listen` listens.
        context: from `tls.client_context`.

    Raises:
        OSError: nobody listens, or one end does not believe the other (`ssl.SSLError`).
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_S):
        _, connection = await loop.create_connection(
            WorkerConnection, host, port, ssl=context, ssl_handshake_timeout=HANDSHAKE_S
        )
    return connection


def listen_forever(
    host: str,
    port: int,
    context: ssl.SSLContext,
    weights_dir: Path,
    listening: Callable[[int], None],
) -> None:
    """Run a listener until Ctrl-C or SIGTERM.

    Args:
        host: to listen on.
        port: to listen on; 0 picks a free one.
        context: from `tls.server_context`.
        weights_dir: where this machine's weights are.
        listening: told the port.

    Raises:
        OSError: the address cannot be used.
    """

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        listener = WorkerListener(context, weights_dir)
        try:
            listening(await listener.start(host, port))
            await stop.wait()
        finally:
            await listener.stop()

    asyncio.run(serve())
