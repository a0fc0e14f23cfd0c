"""The gateway's end of a worker's connection: many requests over one socket, on the event loop.

Frames are told apart by `stream`; each open stream has a mailbox here. A mailbox holds at most
`WINDOW` deltas: the worker pauses a stream until its reader has read on.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from itertools import count
from typing import cast

import msgspec

from llmaas.workers.failures import GenerationFailed, LoadError
from llmaas.workers.framing import FrameDecoder, FrameError, encode_frame
from llmaas.workers.generation import Answer, Generation
from llmaas.workers.protocol import (
    Cancel,
    Credit,
    Delta,
    Embed,
    Embedded,
    Failed,
    Generate,
    Heard,
    Load,
    LoadFailed,
    Measure,
    Measured,
    Ping,
    Pong,
    Ready,
    Spell,
    Spelled,
    Started,
    ToGateway,
    Transcribe,
    Transcribed,
)

_log = logging.getLogger(__name__)


class WorkerConnection(asyncio.Protocol):
    """One connection; made with `connect`."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[Ready] = loop.create_future()
        """Set once; raises `LoadError`. A worker nobody waits for may fail unheard."""
        self.ready.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.measured: asyncio.Future[int] = loop.create_future()
        """Set once, after `measure`; raises `LoadError`."""
        self.measured.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.lost = asyncio.Event()
        """The connection has ended."""
        self.last_pong: tuple[float, Pong] = (loop.time(), Pong())
        """When the worker last proved to be alive, on the loop's clock, and what it said."""
        self._loop = loop
        self._frames: FrameDecoder[ToGateway] = FrameDecoder(ToGateway)
        self._transport: asyncio.Transport | None = None
        self._mailboxes: dict[int, asyncio.Queue[Answer]] = {}
        self._streams = count(1)
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def connect(cls, connection: socket.socket) -> "WorkerConnection":
        """Take over a connected socket."""
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_unix_connection(cls, sock=connection)
        return protocol

    def measure(self, measure: Measure) -> None:
        """Ask what a model needs; `measured` tells."""
        self._send(encode_frame(measure))

    def load(self, load: Load) -> None:
        """Let it load; `ready` tells how it ends."""
        self._send(encode_frame(load))

    def ping(self) -> None:
        """Ask for a `last_pong`."""
        self._send(encode_frame(Ping()))

    def close(self) -> None:
        """End the connection, which ends the worker. Open streams fail."""
        if self._transport is not None:
            self._transport.close()

    def generate(self, request: Generate) -> Generation:
        """Answers of one generation, `Finished` last. Closing it cancels the generation.

        Raises:
            GenerationFailed: while iterating: refused, or failed on the way.
        """
        return Generation(self, request)

    async def embed(self, request: Embed) -> Embedded:
        """The vectors. Cancelling the task cancels the request.

        Raises:
            GenerationFailed: refused, or failed on the way.
        """
        answer = await self._answer(request)
        assert isinstance(answer, Embedded)
        return answer

    async def transcribe(
        self, request: Transcribe, heard: Callable[[float], Awaitable[None]]
    ) -> Transcribed:
        """The transcript. Cancelling the task cancels the request.

        Args:
            request: the recording.
            heard: told how many seconds it has before it is transcribed; may refuse it by raising.

        Raises:
            GenerationFailed: refused, or failed on the way.
        """
        stream, mailbox = await self.request(request)
        answer: Answer | None = None
        try:
            answer = await mailbox.get()
            if isinstance(answer, Heard):
                duration_s, answer = answer.duration_s, None
                await heard(duration_s)
                answer = await mailbox.get()
        finally:
            if answer is None:
                self._forget(stream)
        if isinstance(answer, Failed):
            raise GenerationFailed(answer)
        assert isinstance(answer, Transcribed)
        return answer

    async def spell(self, request: Spell) -> Spelled:
        """The texts of token ids.

        Raises:
            GenerationFailed: refused, or failed on the way.
        """
        answer = await self._answer(request)
        assert isinstance(answer, Spelled)
        return answer

    async def _answer(self, request: Embed | Spell) -> Answer:
        stream, mailbox = await self.request(request)
        answer: Answer | None = None
        try:
            answer = await mailbox.get()
        finally:
            if answer is None:
                self._forget(stream)
        if isinstance(answer, Failed):
            raise GenerationFailed(answer)
        return answer

    def _forget(self, stream: int) -> None:
        """Cancel a request that has no last answer once it is cancelled."""
        self.cancel(stream)
        self._mailboxes.pop(stream, None)

    async def request(
        self, request: Generate | Embed | Transcribe | Spell
    ) -> tuple[int, asyncio.Queue[Answer]]:
        """Send a request; returns its stream, and where answers arrive until the last one.

        Raises:
            GenerationFailed: it cannot be sent.
        """
        stream = next(self._streams)
        try:
            frame = encode_frame(msgspec.structs.replace(request, stream=stream))
        except FrameError as error:
            failure = Failed(stream, "invalid_request", str(error))
            raise GenerationFailed(failure) from error
        await self._writable.wait()
        if self.lost.is_set():
            raise GenerationFailed(_ended(stream))
        mailbox: asyncio.Queue[Answer] = asyncio.Queue()
        self._mailboxes[stream] = mailbox
        self._send(frame)
        return stream, mailbox

    def cancel(self, stream: int) -> None:
        """Let the worker stop working on a stream; a generation's last answer still comes."""
        self._send(encode_frame(Cancel(stream)))

    def grant(self, stream: int, deltas: int) -> None:
        """So many more deltas of a stream were read."""
        self._send(encode_frame(Credit(stream, deltas)))

    def _send(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # Not checked: uvloop's transports have the methods and another base class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Sort frames into mailboxes."""
        try:
            messages = self._frames.feed(data)
        except FrameError:
            _log.exception("a worker broke the protocol")
            assert self._transport is not None
            self._transport.abort()
            return
        for message in messages:
            self._receive(message)

    def _receive(self, message: ToGateway) -> None:
        match message:
            case Measured(memory_bytes=None, reason=reason):
                self.measured.set_exception(LoadError(reason))
            case Measured(memory_bytes=memory_bytes):
                self.measured.set_result(memory_bytes or 0)
            case Ready():
                self.ready.set_result(message)
            case LoadFailed(message=reason):
                self.ready.set_exception(LoadError(reason))
            case Pong():
                self.last_pong = (self._loop.time(), message)
            case Started() | Delta() | Heard():
                mailbox = self._mailboxes.get(message.stream)
                if mailbox is not None:
                    mailbox.put_nowait(message)
            case _:
                # The vectors of a cancelled request may still be on their way.
                mailbox = self._mailboxes.pop(message.stream, None)
                if mailbox is not None:
                    mailbox.put_nowait(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever still waits."""
        self.lost.set()
        self._writable.set()
        if not self.ready.done():
            self.ready.set_exception(LoadError("the worker ended while it was loading"))
        if not self.measured.done():
            self.measured.set_exception(LoadError("the connection ended at once"))
        for stream, mailbox in self._mailboxes.items():
            mailbox.put_nowait(_ended(stream))

    def pause_writing(self) -> None:
        """Hold new requests: the worker reads slower than we write."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let them go on."""
        self._writable.set()


def _ended(stream: int) -> Failed:
    return Failed(stream, "internal_error", "the worker of this model ended while it answered")
