"""What every operation of one app shares, and one request on its way through it."""

import asyncio
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

import msgspec
from litestar.types import Message, Receive, Scope, Send

from llmaas.accounts import ApiKey, Meter, Usage
from llmaas.bundle import Bundle
from llmaas.gateway.errors import BodyTooLarge
from llmaas.gateway.routing import RoutingTable
from llmaas.gateway.uploads import Uploads
from llmaas.gateway.version import Refusal, Version
from llmaas.workers import PoolStatus, ServedModel
from llmaas.workers.protocol import (
    Delta,
    Embed,
    Embedded,
    Finished,
    Generate,
    Started,
    Transcribe,
    Transcribed,
)
from llmaas.workers.protocol import Usage as WorkerUsage

if TYPE_CHECKING:
    from llmaas.gateway.guardian import Guardian
    from llmaas.gateway.layer import Screening
    from llmaas.gateway.metrics import Metrics

REQUEST_ID = "llmaas.request_id"
HEADERS = "llmaas.headers"
WATCH_AFTER_S = 0.05
"""How soon it is looked whether the client of an answer is still there."""


class Generation(Protocol):
    """An answer as it grows; closing it cancels it. `llmaas.workers` has one."""

    def __aiter__(self) -> AsyncIterator[Started | Delta | Finished]:
        """Its events, in their order."""

    async def aclose(self) -> None:
        """Let the worker stop; does not wait for it."""

    async def settled(self) -> WorkerUsage:
        """What was used in the end, also of one that was closed before."""


class Lease(Protocol):
    """A worker held for one request; `llmaas.workers.Lease` is one."""

    @property
    def engine_type(self) -> str:
        """`backend.engine_type` of answers."""

    @property
    def machine_name(self) -> str:
        """`backend.machine_name` of answers."""

    def generate(self, request: Generate, /) -> Generation:
        """One generation."""

    async def embed(self, request: Embed, /) -> Embedded:
        """The vectors of all inputs."""

    async def transcribe(
        self, request: Transcribe, heard: Callable[[float], Awaitable[None]], /
    ) -> Transcribed:
        """The transcript of a recording; `heard` is told its seconds before it is made."""

    async def spell(self, inputs: list[list[int]], /) -> list[str]:
        """The texts of lists of token ids."""


class WorkerPools(Protocol):
    """Where leases come from; `llmaas.workers.Workers` is one."""

    def lease(self, pool: str, /) -> AbstractAsyncContextManager[Lease]:
        """Hold a worker of a pool for the time of the context, starting one if need be."""

    def status(self) -> Sequence[PoolStatus]:
        """Every pool of the deployment."""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Everything an operation may use."""

    bundle: Bundle
    table: RoutingTable
    workers: WorkerPools
    deployment: Mapping[str, ServedModel]
    """What has weights here, by pool."""
    meter: Meter
    """Who may call how much, under this bundle."""
    docs_dir: Path | None
    openapi: bytes
    today: Callable[[], date]
    """The day in the service's time zone."""
    now: Callable[[], float]
    """Unix time, for `created`."""
    keep_alive_s: float
    body_limit_bytes: int
    time_zone: ZoneInfo
    version: Version
    metrics: "Metrics"
    uploads: Uploads
    """What holds the files of requests."""
    refused: Callable[[], Refusal | None]
    """The last bundle that this server did not take over."""
    admin_token: str | None
    """Who shows it is an operator; without one, nobody is."""
    screening: "Screening | None" = None
    """What looks at prompts before a model does; `None` where the bundle switches it off."""
    guardian: "Guardian | None" = None
    """A model that is asked about prompts as well; `None` where the bundle names none."""


class ClientGoneError(Exception):
    """The client closed its connection; nobody is left to answer."""


class Exchange:
    """One request and its answer."""

    __slots__ = (
        "_receive",
        "_send",
        "audited",
        "began",
        "body_bytes",
        "first_token_s",
        "gateway",
        "gone",
        "key",
        "model",
        "operation",
        "path_params",
        "scope",
        "status",
        "usage",
        "verdict",
    )

    def __init__(
        self, gateway: Gateway, scope: Scope, receive: Receive, send: Send, *, operation: str = ""
    ) -> None:
        self.gateway = gateway
        self.scope = scope
        self.path_params: dict[str, Any] = scope["path_params"]
        self.operation = operation
        self.began = time.perf_counter()
        self.body_bytes = 0
        self.gone = False
        """The client closed the connection before the end."""
        self.status: int | None = None
        """Of the answer, once it has begun."""
        # What becomes known on the way, for the audit trail and the metrics.
        self.first_token_s: float | None = None
        """From the arrival to the first token of a stream."""
        self.key: ApiKey | None = None
        self.model: str | None = None
        self.verdict: str | None = None
        self.usage = Usage()
        self.audited = False
        self._receive = receive
        self._send = send

    @property
    def seconds(self) -> float:
        """Since it arrived."""
        return time.perf_counter() - self.began

    def header(self, name: bytes) -> str | None:
        """The last value of a header; `name` in lower case."""
        found = None
        for key, value in self.scope["headers"]:
            if key == name:
                found = value.decode("latin-1")
        return found

    def announce(self, headers: Mapping[str, str]) -> None:
        """Add headers to whatever answer follows, an error included."""
        self.scope["state"].setdefault(HEADERS, {}).update(headers)

    async def body(self) -> bytes:
        """Read the whole body.

        Raises:
            BodyTooLarge: it is longer than this server reads.
            ClientGoneError: it ends before its end.
        """
        return b"".join([chunk async for chunk in self.chunks(self.gateway.body_limit_bytes)])

    async def chunks(self, limit: int) -> AsyncGenerator[bytes]:
        """The body as it arrives.

        Raises:
            BodyTooLarge: it is longer than `limit`.
            ClientGoneError: it ends before its end.
        """
        announced = self.header(b"content-length") or ""
        if announced.isdecimal() and int(announced) > limit:
            raise BodyTooLarge(limit)
        length = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientGoneError
            length += len(message["body"])
            if length > limit:
                raise BodyTooLarge(limit)
            self.body_bytes = length
            yield message["body"]
            if not message.get("more_body", False):
                return

    async def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Send the status line and the headers."""
        self.status = status
        await self._send(
            {"type": "http.response.start", "status": status, "headers": list(headers)}
        )

    async def write(self, body: bytes, *, more: bool) -> None:
        """Send a piece of the body; nothing is sent in answer to HEAD."""
        if self.scope.get("method") == "HEAD":
            body = b""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def answer(
        self,
        body: bytes,
        *,
        content_type: bytes = b"application/json",
        status: int = 200,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        """Send a whole answer."""
        length = str(len(body)).encode()
        await self.start(
            status, [(b"content-type", content_type), (b"content-length", length), *headers]
        )
        await self.write(body, more=False)

    async def answer_json(self, value: msgspec.Struct, *, status: int = 200) -> None:
        """Send a struct."""
        await self.answer(msgspec.json.encode(value), status=status)

    async def unless_gone(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work, and cancel it when the client closes the connection.

        Call it after the body was read. Cancelling closes the generators inside `work`, and with
        them the generation in the worker.

        Raises:
            ClientGoneError: the client went away before the work was done.
        """
        working = asyncio.current_task()
        assert working is not None
        cancelled_before = working.cancelling()
        watchers: list[asyncio.Task[None]] = []

        async def watch() -> None:
            while (await self._receive())["type"] != "http.disconnect":
                pass
            self.gone = True
            working.cancel()

        # Most answers of models take longer, those of tables do not: they are spared a task.
        loop = asyncio.get_running_loop()
        timer = loop.call_later(WATCH_AFTER_S, lambda: watchers.append(loop.create_task(watch())))
        try:
            await work
        except asyncio.CancelledError:
            if self.gone and working.uncancel() <= cancelled_before:
                raise ClientGoneError from None
            raise
        finally:
            timer.cancel()
            for watcher in watchers:
                watcher.cancel()


def request_id(scope: Scope) -> str:
    """The name of this request in its answer and in the log.

    It begins with the microsecond, so that the ledger's index grows at its end, not everywhere.
    """
    state: dict[str, Any] = scope["state"]
    if REQUEST_ID not in state:
        state[REQUEST_ID] = f"req_{time.time_ns() // 1000:014x}{token_hex(9)}"
    return str(state[REQUEST_ID])


async def stamp(message: Message, scope: Scope) -> None:
    """Put the request id, and what the operation announced, on every answer (`before_send`)."""
    if message["type"] != "http.response.start":
        return
    announced: dict[str, str] = scope["state"].get(HEADERS, {})
    message["headers"] = [
        *message["headers"],
        (b"x-request-id", request_id(scope).encode()),
        (b"x-content-type-options", b"nosniff"),
        *((name.encode(), value.encode("latin-1")) for name, value in announced.items()),
    ]
