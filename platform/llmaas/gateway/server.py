"""The HTTP server: Granian on the running event loop, from an open port to the last answer.

Granian would open its socket with SO_REUSEPORT, with which a second service on the same port
starts without a word and takes half of the requests. So the socket is opened here, exclusively,
and handed over.
"""

import asyncio
import errno
import gc
import logging
import socket
from typing import Any

import msgspec
from granian import net
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from litestar.types import ASGIApp

from llmaas.gateway.context import stamp
from llmaas.gateway.errors import Unavailable

BACKLOG = 1024
MAX_CONNECTIONS = 8192
"""Open at once; Granian's own limit would be one for each place of the backlog."""
IDLE_MS = 75_000
"""A connection without the whole head of a request for so long is closed; proxies keep theirs for
less. How long a body takes is not looked at: who sends one has shown a key."""
GRACE_S = 20.0
CUT_S = 1.0
"""For requests to end after they were cancelled."""

_log = logging.getLogger(__name__)

# Granian configures logging when it starts. Incrementally, it leaves the program's handlers alone.
_LOGGING = {"incremental": True, "formatters": {}, "handlers": {}, "loggers": {"_granian": {}}}


COLLECT_AFTER = 20_000
"""Objects made before the garbage collector looks for cycles: some twenty requests, not one."""


def spare_collector() -> None:
    """Have the garbage collector look at what requests make, not at the program and its tables.

    For a process that serves and does nothing else; call it when everything is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])


class ListenError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """An exclusive listening socket; port 0 picks a free one.

    Raises:
        ListenError: the port is taken or forbidden, or the host is not of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ListenError(
            f"{host}: {error.strerror}; give an address of this machine, such as 127.0.0.1"
        ) from error
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by every connection. Without it the kernel holds the last piece of a stream back
    # until the client has acknowledged the one before, which takes clients 40 ms.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        opened.bind(address)
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise ListenError(_refusal(host, port, error)) from error
    return opened


def local_url(host: str, port: int) -> str:
    """Where clients on this machine reach what listens on an address, which may be all of them."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; stop what listens there or choose another port"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"port {port} of {host} needs privileges; choose one above 1023"
    return f"cannot listen on {host}, port {port}: {error.strerror}"


class _OnSocket(Server):
    """Granian's embedded server on a socket that is already open."""

    def __init__(self, target: ASGIApp, opened: socket.socket) -> None:
        address, port = opened.getsockname()[:2]
        super().__init__(
            target,
            address=address,
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=IDLE_MS),
            websockets=False,
            backlog=BACKLOG,
            backpressure=MAX_CONNECTIONS,
            log_level=LogLevels.error,
            log_dictconfig=_LOGGING,
        )
        self._opened = opened

    def _init_shared_socket(self) -> None:
        # Untyped in Granian: (file descriptor, whether it is a Unix socket, backlog).
        holder: Any = vars(net)["SocketHolder"]
        self._shd = holder(self._opened.detach(), False, BACKLOG)
        self._ssp = None


class _Running:
    """A request in progress: whether its answer has begun."""

    def __init__(self, app: ASGIApp, send: Any) -> None:
        self.app = app
        self.started = False
        self._send = send

    async def send(self, message: Any) -> None:
        self.started = True
        await self._send(message)


async def _refuse(scope: Any, send: Any) -> None:
    error = Unavailable("The service is shutting down. Try again.")
    headers = [(b"content-type", b"application/json")]
    headers += [(name.encode(), value.encode()) for name, value in error.headers.items()]
    start: Any = {"type": "http.response.start", "status": error.status, "headers": headers}
    await stamp(start, scope)
    await send(start)
    body = msgspec.json.encode(error.envelope)
    await send({"type": "http.response.body", "body": body, "more_body": False})


class GatewayServer:
    """Serves an app until it is stopped.

    `stop` accepts no more connections, lets running requests finish, and cancels those that are
    still running after the grace period.
    """

    def __init__(self, app: ASGIApp, listener: socket.socket, *, grace_s: float = GRACE_S) -> None:
        """Take over a bound socket.

        Args:
            app: what answers; `switch` puts another one in its place.
            listener: made by `listen`; it is closed by `stop`.
            grace_s: how long running requests may take after `stop`.
        """
        self.app = app
        self.host, self.port = listener.getsockname()[:2]
        self._listener = listener
        self._grace_s = grace_s
        self._requests: dict[asyncio.Task[Any], _Running] = {}
        self._ended = asyncio.Event()
        self._cutting = False
        self._started = asyncio.Event()
        self._server: _OnSocket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where clients on this machine reach it."""
        return local_url(self.host, self.port)

    async def start(self) -> None:
        """Begin to answer; returns when the server accepts requests."""
        self._server = _OnSocket(self._handle, self._listener)
        self._serving = asyncio.ensure_future(self._server.serve())
        started = asyncio.ensure_future(self._started.wait())
        await asyncio.wait((self._serving, started), return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await self._serving
            raise RuntimeError("the HTTP server ended before it started; its log says why")

    def switch(self, app: ASGIApp) -> ASGIApp:
        """Answer with `app` from now on; running requests end on the one returned, the old one."""
        before, self.app = self.app, app
        return before

    def running(self, app: ASGIApp) -> int:
        """How many requests `app` is answering."""
        return sum(request.app is app for request in self._requests.values())

    async def drained(self, app: ASGIApp) -> None:
        """Return when the last request of an app that was switched away has ended."""
        while self.running(app):
            self._ended.clear()
            await self._ended.wait()

    async def wait(self) -> None:
        """Return when the server has ended, for whatever reason; a failure is in the log."""
        if self._serving is None:
            return
        await asyncio.wait((self._serving,))
        if not self._serving.cancelled() and (error := self._serving.exception()):
            _log.error("the HTTP server failed", exc_info=error)

    async def stop(self) -> None:
        """End gracefully; safe to call twice."""
        if self._server is None or self._serving is None:
            self._listener.close()
            return
        self._server.stop()  # type: ignore[no-untyped-call]
        _, unfinished = await asyncio.wait((self._serving,), timeout=self._grace_s)
        if unfinished:
            self._cutting = True
            for request in list(self._requests):
                request.cancel()
            # A connection with half a request on it may be held open by its client.
            await asyncio.wait((self._serving,), timeout=CUT_S)
            self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)

    async def _handle(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, self._heard(send))
            return
        task = asyncio.current_task()
        assert task is not None
        app = self.app
        self._requests[task] = running = _Running(app, send)
        try:
            await app(scope, receive, running.send)
        except asyncio.CancelledError:
            if not self._cutting:
                raise
            # An answer that had begun is left without its end, which its client can tell.
            if not running.started:
                await _refuse(scope, send)
        finally:
            del self._requests[task]
            self._ended.set()

    def _heard(self, send: Any) -> Any:
        async def heard(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._started.set()

        return heard
