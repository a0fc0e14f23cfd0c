"""Server-sent events: an answer as it grows.

The status and headers are sent when the worker has accepted the prompt, so whatever is wrong with
a request is told with a status code. What fails later is the last event of the stream,
`data: {"error": …}`, without `[DONE]`. A comment line is sent when nothing else was for a while:
proxies and clients close connections on which they hear nothing.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec

from llmaas.gateway.collecting import Calls, finish_reason
from llmaas.gateway.context import Exchange, request_id
from llmaas.gateway.errors import ApiError, ServerError
from llmaas.gateway.generation import Event, total_usage
from llmaas.gateway.wire import TokenUsage
from llmaas.gateway.wire.answers import FinishReason
from llmaas.workers.protocol import Delta, Finished, Started, Usage

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would collect the events
)
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Chunks(Protocol):
    """How an operation puts events into chunks."""

    def first(self, index: int) -> msgspec.Struct | None:
        """What opens a choice."""

    def delta(self, index: int, delta: Delta) -> msgspec.Struct:
        """New text of a choice."""

    def last(self, index: int, reason: FinishReason) -> msgspec.Struct:
        """What closes a choice."""

    def usage(self, usage: TokenUsage) -> msgspec.Struct:
        """What follows the last choice when usage was asked for."""


class EventStream:
    """The open stream of one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._quiet = True
        self.open = False

    async def start(self) -> None:
        """Send status and headers, once."""
        if not self.open:
            self.open = True
            await self._exchange.start(200, HEADERS)

    async def send(self, value: msgspec.Struct) -> None:
        """Send one event."""
        self._quiet = False
        await self._exchange.write(b"data: " + _encode(value) + b"\n\n", more=True)

    async def end(self, last: bytes = b"") -> None:
        """Send the last bytes and close."""
        await self._exchange.write(last, more=False)

    @asynccontextmanager
    async def kept_alive(self, every_s: float) -> AsyncIterator[None]:
        """Send comments meanwhile, whenever nothing was sent for a while."""
        ticker = asyncio.ensure_future(self._tick(every_s))
        try:
            yield
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)

    async def _tick(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            if self.open and self._quiet:
                await self._exchange.write(KEEP_ALIVE, more=True)
            self._quiet = True


async def stream(
    exchange: Exchange,
    events: AsyncIterator[tuple[int, Event]],
    chunks: Chunks,
    *,
    choices: int,
    choices_per_prompt: int,
    include_usage: bool,
) -> None:
    """Relay events until all choices have ended.

    Raises:
        ApiError: before the first byte was sent; later it is part of the stream.
    """
    out = EventStream(exchange)
    try:
        async with out.kept_alive(exchange.gateway.keep_alive_s):
            usages = await _relay(out, events, chunks, choices)
            if include_usage:
                total = total_usage(usages, choices_per_prompt=choices_per_prompt)
                await out.send(chunks.usage(total))
    except ApiError as error:
        if not out.open:
            raise
        await out.end(_error_event(error))
    except Exception:
        if not out.open:
            raise
        _log.exception("request %s failed while streaming", request_id(exchange.scope))
        await out.end(_error_event(ServerError("The answer broke off. Try again.")))
    else:
        await out.end(DONE)


async def _relay(
    out: EventStream, events: AsyncIterator[tuple[int, Event]], chunks: Chunks, choices: int
) -> list[Usage]:
    usages: dict[int, Usage] = {}
    calls: defaultdict[int, Calls] = defaultdict(Calls)
    async for index, event in events:
        if isinstance(event, Delta):
            calls[index].add(event)
            await out.send(chunks.delta(index, event))
        elif isinstance(event, Started):
            await out.start()
            first = chunks.first(index)
            if first is not None:
                await out.send(first)
        elif isinstance(event, Finished):
            usages[index] = event.usage
            await out.send(chunks.last(index, finish_reason(event, calls[index])))
    if len(usages) != choices:
        raise ServerError("The worker ended the answer without saying why.")
    return [usages[index] for index in range(choices)]


def _error_event(error: ApiError) -> bytes:
    return b"data: " + _encode(error.envelope) + b"\n\n"
