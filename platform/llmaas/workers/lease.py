"""What a request holds while a worker answers it."""

from dataclasses import dataclass

from llmaas.workers.client import WorkerConnection
from llmaas.workers.deployment import ServedModel
from llmaas.workers.generation import Generation
from llmaas.workers.protocol import Embed, Embedded, Generate, Ready, Spell

ENGINE_TYPE = "llama.cpp"


@dataclass(frozen=True)
class Lease:
    """A worker that will not be stopped while this is held."""

    served: ServedModel
    ready: Ready
    machine_name: str
    connection: WorkerConnection
    engine_type: str = ENGINE_TYPE

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

    async def spell(self, inputs: list[list[int]]) -> list[str]:
        """The texts of lists of token ids, control tokens written out.

        Raises:
            GenerationFailed: the worker ended.
        """
        return (await self.connection.spell(Spell(0, inputs))).texts
