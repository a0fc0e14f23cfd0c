"""The service itself: workers, gateway and HTTP server in one event loop, until a signal.

    starting   workers with pinned models start, the gateway listens
    serving    `ready` has been called once
    stopping   first signal: no new connection, running answers finish (for a while), workers end
    stopped    every child has ended

A second signal ends the process at once; workers end with the connection to it.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from llmaas.accounts import KeyStore
from llmaas.bundle import Bundle
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.listener import Listener
from llmaas.gateway import create_app
from llmaas.workers import ServedModel, Workers

DRAIN_TIMEOUT_S = 10.0
START_TIMEOUT_S = 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Service:
    """Everything one process serves from."""

    bundle: Bundle
    deployment: dict[str, ServedModel]
    keys: KeyStore
    docs_dir: Path | None
    today: Callable[[], date]
    memory_budget_bytes: int
    machine_name: str
    n_threads: int


def run(service: Service, listener: Listener, *, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; return when every child has ended.

    Args:
        service: what is served.
        listener: the port to serve on, already taken.
        ready: called once, as soon as requests are answered.

    Raises:
        CommandError: the server could not start, or ended by itself.
    """
    uvloop.run(_serve(service, listener, ready))


async def _serve(service: Service, listener: Listener, ready: Callable[[], None]) -> None:
    stopping = _stop_on_signals()
    workers = Workers(
        service.deployment,
        memory_budget_bytes=service.memory_budget_bytes,
        machine_name=service.machine_name,
        n_threads=service.n_threads,
    )
    app = create_app(
        service.bundle,
        workers=workers,
        deployment=service.deployment,
        keys=service.keys,
        docs_dir=service.docs_dir,
        today=service.today,
    )
    server = _http_server(app, listener)
    await workers.start()
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stopping.wait())
    try:
        await _listening(listener, serving)
        ready()
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            raise CommandError(
                Exit.CANNOT_START,
                f"the HTTP server on port {listener.port} ended by itself",
                "the log says why; start again",
            ) from (serving.exception() if serving.done() else None)
    finally:
        stopped.cancel()
        await _stop(server, serving)
        await workers.stop()


def _stop_on_signals() -> asyncio.Event:
    """An event that the first signal sets; the second ends the process."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def received() -> None:
        if stopping.is_set():
            os._exit(Exit.INTERRUPTED)
        stopping.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, received)
    return stopping


def _http_server(app: Any, listener: Listener) -> Server:
    return Server(
        app,
        address=listener.address,
        port=listener.port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=1024,
        # Granian would log on stdout, which belongs to the command's own result.
        log_dictconfig={
            "handlers": {},
            "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}},
        },
    )


async def _listening(listener: Listener, serving: asyncio.Task[None]) -> None:
    """Wait until the server accepts connections."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + START_TIMEOUT_S
    while not serving.done() and loop.time() < give_up:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(listener.address, listener.port)
            writer.close()
            return
        await asyncio.sleep(0.02)
    cause = serving.exception() if serving.done() else None
    raise CommandError(
        Exit.CANNOT_START,
        f"the HTTP server did not start on {listener.url}: {cause or 'no answer'}",
        "the log says why",
    ) from cause


async def _stop(server: Server, serving: asyncio.Task[None]) -> None:
    """Let running answers finish, but not for ever."""
    if serving.done():
        return
    server.stop()  # type: ignore[no-untyped-call]
    done, _ = await asyncio.wait({serving}, timeout=DRAIN_TIMEOUT_S)
    if not done:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
