"""Workers that do what a test says: the interface of `llmaas.workers.Workers`, in this process.

For what a real worker cannot be brought to do on demand: fail in the middle, wait, be overloaded.
"""

import asyncio
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from llmaas.workers import (
    Delta,
    Embed,
    Embedded,
    Failed,
    Finished,
    Generate,
    GenerationFailed,
    PoolState,
    PoolStatus,
    Started,
    Transcribe,
    Transcribed,
    Usage,
)
from llmaas.workers.protocol import TranscriptSegment

Step = Started | Delta | Finished | Failed | Exception | Callable[[], Awaitable[object]]
"""An event, a failure, something to raise, or something to wait for."""


def answering(*texts: str, reasoning: str = "", prompt_tokens: int = 7) -> list[Step]:
    """A generation without surprises; every text is one token."""
    thought = [Delta(0, reasoning=reasoning)] if reasoning else []
    return [
        Started(0, prompt_tokens),
        *thought,
        *(Delta(0, content=text) for text in texts),
        Finished(
            0,
            "stop",
            Usage(
                prompt_tokens=prompt_tokens,
                completion_tokens=len(texts) + len(thought),
                reasoning_tokens=len(thought),
                cached_tokens=2,
            ),
        ),
    ]


@dataclass
class ScriptedGeneration:
    """One play of the script, and what it used."""

    events: AsyncGenerator[Started | Delta | Finished]
    workers: "ScriptedWorkers"
    usage: Usage = field(default_factory=lambda: Usage(prompt_tokens=0, completion_tokens=0))

    def __aiter__(self) -> "ScriptedGeneration":
        return self

    async def __anext__(self) -> Started | Delta | Finished:
        event = await anext(self.events)
        if isinstance(event, Started):
            self.usage = Usage(prompt_tokens=event.prompt_tokens, completion_tokens=0)
        elif isinstance(event, Delta):
            counted = max(event.completion_tokens, self.usage.completion_tokens + 1)
            self.usage = msgspec.structs.replace(self.usage, completion_tokens=counted)
        else:
            self.usage = event.usage
        return event

    async def aclose(self) -> None:
        await self.events.aclose()

    async def settled(self) -> Usage:
        return self.workers.settled or self.usage


@dataclass
class ScriptedLease:
    """Plays the script for every generation and notes what was asked."""

    workers: "ScriptedWorkers"
    n_ctx: int = 512
    stand_in: bool = False
    engine_type: str = "scripted"
    machine_name: str = "ma07"

    def generate(self, request: Generate) -> "ScriptedGeneration":
        return ScriptedGeneration(self._events(request), self.workers)

    async def _events(self, request: Generate) -> AsyncGenerator[Started | Delta | Finished]:
        self.workers.generated.append(request)
        ended = False
        try:
            for step in self.workers.script:
                if isinstance(step, Failed):
                    raise GenerationFailed(step)
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    await step()
                else:
                    yield step
            ended = True
        finally:
            if not ended:
                self.workers.cancelled.set()

    async def embed(self, request: Embed) -> Embedded:
        self.workers.embedded.append(request)
        for step in self.workers.script:
            if isinstance(step, Failed):
                raise GenerationFailed(step)
            if callable(step):
                try:
                    await step()
                except asyncio.CancelledError:
                    self.workers.cancelled.set()
                    raise
        vectors = [(0.5, -0.5, 0.5, float(index)) for index in range(len(request.inputs))]
        return Embedded(
            0,
            vectors=b"".join(struct.pack("<4f", *vector) for vector in vectors),
            dimensions=4,
            prompt_tokens=3 * len(vectors),
        )

    async def transcribe(
        self, request: Transcribe, heard: Callable[[float], Awaitable[None]]
    ) -> Transcribed:
        self.workers.transcribed.append(request)
        await heard(self.workers.recording_s)
        for step in self.workers.script:
            if isinstance(step, Failed):
                raise GenerationFailed(step)
            if callable(step):
                try:
                    await step()
                except asyncio.CancelledError:
                    self.workers.cancelled.set()
                    raise
        return Transcribed(stream=0, language="en", segments=list(self.workers.segments))

    async def spell(self, inputs: list[list[int]]) -> list[str]:
        return ["".join(map(chr, each)) for each in inputs]


@dataclass
class ScriptedWorkers:
    """One script for all pools; `unavailable` is raised instead of a lease."""

    script: Sequence[Step] = field(default_factory=lambda: answering("Hello", " world"))
    unavailable: Exception | None = None
    pinned_ready: bool = True
    generated: list[Generate] = field(default_factory=list)
    embedded: list[Embed] = field(default_factory=list)
    transcribed: list[Transcribe] = field(default_factory=list)
    recording_s: float = 61.0
    segments: Sequence[TranscriptSegment] = ()
    leases: int = 0
    settled: Usage | None = None
    """What a worker says that was used in the end; as far as it was told otherwise."""
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def lease(self, pool: str) -> AsyncIterator[ScriptedLease]:
        if self.unavailable is not None:
            raise self.unavailable
        self.leases += 1
        try:
            yield ScriptedLease(self)
        finally:
            self.leases -= 1
            self.released.set()

    def status(self) -> list[PoolStatus]:
        state = PoolState.READY if self.pinned_ready else PoolState.STARTING
        return [PoolStatus("granite3.3:8b", state, stand_in=False, pinned=True)]
