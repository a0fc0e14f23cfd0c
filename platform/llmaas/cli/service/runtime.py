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
from contextlib import AbstractAsyncContextManager

import uvloop

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.listener import Listener
from llmaas.cli.service.running import Running, Service
from llmaas.gateway import spare_collector

SIGNALS = (signal.SIGINT, signal.SIGTERM)
Commands = Callable[[Running], AbstractAsyncContextManager[None]]
"""Listens to commands for a running service for as long as the context is open."""

_log = logging.getLogger(__name__)


def run(
    service: Service,
    listener: Listener,
    *,
    commands: Commands,
    ready: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM; return when every child has ended.

    Args:
        service: what is served.
        listener: the port to serve on.
        commands: takes commands for it.
        ready: called once, as soon as requests are answered.
        stopping: called once, when the first signal has arrived.

    Raises:
        CommandError: the HTTP server ended by itself.
    """
    uvloop.run(_serve(service, listener, commands, ready, stopping))


async def _serve(
    service: Service,
    listener: Listener,
    commands: Commands,
    ready: Callable[[], None],
    stopping: Callable[[], None],
) -> None:
    stop = _stop_on_signals()
    running = Running(service, listener)
    fresh = asyncio.create_task(service.accounts.keep())
    try:
        await running.start()
        spare_collector()
        async with commands(running):
            _log.info("serving %d models on %s", len(service.deployment), listener.url)
            ready()
            ended = asyncio.create_task(running.ended())
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
        await running.stop()
        fresh.cancel()
        await asyncio.gather(fresh, return_exceptions=True)
        await service.accounts.limiter.close()
        service.accounts.close()


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
