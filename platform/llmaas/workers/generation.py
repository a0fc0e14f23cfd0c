"""One generation as its reader sees it: an iterator that always knows what was used so far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from llmaas.workers.failures import GenerationFailed
from llmaas.workers.protocol import (
    WINDOW,
    Delta,
    Embedded,
    Failed,
    Finished,
    Generate,
    Heard,
    Spelled,
    Started,
    Transcribed,
    Usage,
)

if TYPE_CHECKING:  # the connection makes generations
    from llmaas.workers.client import WorkerConnection

Answer: TypeAlias = Started | Delta | Finished | Embedded | Heard | Transcribed | Spelled | Failed
Event: TypeAlias = Started | Delta | Finished

SETTLE_S = 2.0
"""A worker frees a cancelled sequence at its next step and says what it had used."""


class Generation(AsyncGenerator[Event, None]):
    """Answers of one generation, `Finished` last.

    An asynchronous generator in all respects: closing it, or an exception at `await`, cancels the
    generation. Afterwards `settled` waits for the worker's last word on what was used.
    """

    def __init__(self, connection: WorkerConnection, request: Generate) -> None:
        self._connection = connection
        self._request = request
        self._stream: int | None = None
        """Once the request was sent."""
        self._mailbox: asyncio.Queue[Answer] = asyncio.Queue()
        self._usage = Usage(prompt_tokens=0, completion_tokens=0)
        self._complete = False
        """The worker's last answer was read."""
        self._closed = False
        self._unacknowledged = 0

    @property
    def usage(self) -> Usage:
        """Token counts so far; those of the whole generation once it is complete."""
        return self._usage

    async def settled(self) -> Usage:
        """What was used in the end, also of a generation that was closed before its end.

        A worker that ended, or does not answer within `SETTLE_S`, leaves the counts as they were
        last known.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while self._stream is not None and not self._complete:
                    self._note(await self._mailbox.get())
        return self._usage

    async def __anext__(self) -> Event:
        return await self.asend(None)

    async def asend(self, value: None) -> Event:
        """The next answer."""
        del value
        if self._complete or self._closed:
            raise StopAsyncIteration
        try:
            if self._stream is None:
                self._stream, self._mailbox = await self._connection.request(self._request)
            answer = await self._mailbox.get()
        except BaseException:
            await self.aclose()
            raise
        self._note(answer)
        if isinstance(answer, Delta):
            self._acknowledge()
        if isinstance(answer, Failed):
            raise GenerationFailed(answer)
        assert not isinstance(answer, Embedded | Heard | Transcribed | Spelled)
        return answer

    async def athrow(self, *error: Any, **named: Any) -> Event:
        """Close, and raise what was thrown."""
        await self.aclose()
        if len(error) == 1 and isinstance(error[0], BaseException):
            raise error[0]
        return await super().athrow(*error, **named)

    async def aclose(self) -> None:
        """Cancel what is not complete; does not wait for the worker."""
        if self._closed:
            return
        self._closed = True
        if self._stream is not None and not self._complete:
            self._connection.cancel(self._stream)

    def _note(self, answer: Answer) -> None:
        match answer:
            case Started(prompt_tokens=prompt_tokens):
                self._usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=0)
            case Delta(completion_tokens=completion_tokens):
                self._usage = msgspec.structs.replace(
                    self._usage, completion_tokens=completion_tokens
                )
            case Finished(usage=usage):
                self._usage = usage
                self._complete = True
            case Failed(usage=usage):
                self._usage = self._usage if usage is None else usage
                self._complete = True

    def _acknowledge(self) -> None:
        self._unacknowledged += 1
        if self._unacknowledged >= WINDOW // 2:
            assert self._stream is not None
            self._connection.grant(self._stream, self._unacknowledged)
            self._unacknowledged = 0
