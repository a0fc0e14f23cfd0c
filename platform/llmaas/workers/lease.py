"""What a request holds while a worker answers it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from llmaas.bundle.tables import WorkerKind
from llmaas.workers.client import WorkerConnection
from llmaas.workers.deployment import ServedModel
from llmaas.workers.generation import Generation
from llmaas.workers.protocol import (
    Embed,
    Embedded,
    Generate,
    Ready,
    Spell,
    Transcribe,
    Transcribed,
)

ENGINE_TYPES: dict[WorkerKind, str] = {
    "generation": "llama.cpp",
    "embedding": "llama.cpp",
    "transcription": "whisper.cpp",
}


@dataclass(frozen=True)
class Lease:
    """A worker that will not be stopped while this is held."""

    served: ServedModel
    ready: Ready
    machine_name: str
    connection: WorkerConnection

    @property
    def engine_type(self) -> str:
        """The library that computes."""
        return ENGINE_TYPES[self.served.spec.kind]

    @property
    def n_ctx(self) -> int:
        """Tokens of context one request has."""
        return self.ready.n_ctx

    @property
    def stand_in(self) -> bool:
        """The weights only stand in for the model's own."""
        return self.served.stand_in

    def generate(self, request: Generate) -> Generation:
        """Answers of one generation, `Finished` last; `request.stream` is filled in here.

        Closing it cancels the generation; `settled()` then tells what was used.

        Raises:
            GenerationFailed: refused, or failed on the way.
        """
        return self.connection.generate(request)

    async def embed(self, request: Embed) -> Embedded:
        """The vectors of all inputs.

        Raises:
            GenerationFailed: refused, or failed on the way.
        """
        return await self.connection.embed(request)

    async def transcribe(
        self, request: Transcribe, heard: Callable[[float], Awaitable[None]]
    ) -> Transcribed:
        """The transcript of a recording.

        Args:
            request: the recording; `request.stream` is filled in here.
            heard: told how many seconds it has before it is transcribed; may refuse it by raising.

        Raises:
            GenerationFailed: refused, or failed on the way.
        """
        return await self.connection.transcribe(request, heard)

    async def spell(self, inputs: list[list[int]]) -> list[str]:
        """The texts of lists of token ids, control tokens written out.

        Raises:
            GenerationFailed: the worker ended.
        """
        return (await self.connection.spell(Spell(0, inputs))).texts
