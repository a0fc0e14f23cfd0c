"""Events of the worker gathered into whole answers, for requests that do not stream."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, field

from llmaas.gateway.errors import ServerError
from llmaas.gateway.generation import Event
from llmaas.gateway.wire.answers import FinishReason
from llmaas.workers.protocol import Delta, Finished, Usage


@dataclass
class Choice:
    """One answer while it grows."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    finished: Finished | None = None

    @property
    def end(self) -> Finished:
        """How it ended."""
        if self.finished is None:
            raise ServerError("The worker ended the answer without saying why.")
        return self.finished

    @property
    def usage(self) -> Usage:
        """Its tokens."""
        return self.end.usage

    @property
    def finish_reason(self) -> FinishReason:
        """Why it ended."""
        return finish_reason(self.end)


async def collect(events: AsyncIterable[tuple[int, Event]], choices: int) -> list[Choice]:
    """Wait for the end of every choice.

    Raises:
        ApiError: a generation failed.
    """
    collected = [Choice() for _ in range(choices)]
    async for position, event in events:
        choice = collected[position]
        if isinstance(event, Delta):
            choice.content.append(event.content)
            choice.reasoning.append(event.reasoning)
        elif isinstance(event, Finished):
            choice.finished = event
    return collected


def finish_reason(finished: Finished) -> FinishReason:
    """The reason as the API has it; a cancelled generation never comes this far."""
    return "length" if finished.reason == "length" else "stop"
