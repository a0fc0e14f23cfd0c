"""The service itself: workers, gateway and HTTP server in one event loop, until a signal.

    starting   pinned models begin to load, the gateway begins to answer
    serving    `ready` has been called, once
    stopping   first signal: no new connection, running answers finish, then the workers end
    stopped    every child process has ended

A second signal ends this process at once; the workers end with their connection to it.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import uvloop

from llmaas.accounts import KeyStore
from llmaas.bundle import Bundle
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.listener import Listener
from llmaas.gateway import GatewayServer, create_app
from llmaas.workers import ServedModel, Workers

SIGNALS = (signal.SIGINT, signal.SIGTERM)

_log = logging.getLogger(__name__)


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


def run(
    service: Service,
    listener: Listener,
    *,
    ready: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM; return when every child has ended.

    Args:
        service: what is served.
        listener: the port to serve on.
        ready: called once, as soon as requests are answered.
        stopping: called once, when the first signal has arrived.

    Raises:
        CommandError: the HTTP server ended by itself.
    """
    uvloop.run(_serve(service, listener, ready, stopping))


async def _serve(
    service: Service,
    listener: Listener,
    ready: Callable[[], None],
    stopping: Callable[[], None],
) -> None:
    stop = _stop_on_signals()
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
    server = GatewayServer(app, listener.socket)
    try:
        await workers.start()
        await server.start()
        _log.info("serving %d models on %s", len(service.deployment), listener.url)
        ready()
        ended = asyncio.create_task(server.wait())
        signalled = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, signalled}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            signalled.cancel()
            raise CommandError(
                Exit.CANNOT_START,
                f"the HTTP server on {listener.url} ended by itself",
                "the log says why",
            )
        _log.info("stopping")
        stopping()
    finally:
        await server.stop()
        await workers.stop()


def _stop_on_signals() -> asyncio.Event:
    """An event that the first signal sets; the second ends the process."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def received() -> None:
        if stop.is_set():
            os._exit(Exit.INTERRUPTED)
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, received)
    return stop
