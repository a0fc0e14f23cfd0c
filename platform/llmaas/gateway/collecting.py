"""Events of the worker gathered into whole answers, for requests that do not stream."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from uuid import uuid4

from llmaas.gateway.errors import ServerError
from llmaas.gateway.generation import Event
from llmaas.gateway.wire import AnsweredFunction, AnsweredToolCall
from llmaas.gateway.wire.answers import FinishReason
from llmaas.workers.protocol import Delta, Finished, TokenLogprob, ToolCallDelta, Usage


@dataclass
class Choice:
    """One answer while it grows."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: dict[int, list[ToolCallDelta]] = field(default_factory=dict)
    logprobs: list[TokenLogprob] = field(default_factory=list)
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
        return finish_reason(self.end, called=bool(self.calls))

    @property
    def tool_calls(self) -> list[AnsweredToolCall]:
        """The calls it asks for."""
        return [
            AnsweredToolCall(
                id=new_call_id(),
                function=AnsweredFunction(
                    name="".join(piece.name or "" for piece in pieces),
                    arguments="".join(piece.arguments for piece in pieces),
                ),
            )
            for _, pieces in sorted(self.calls.items())
        ]


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
            choice.logprobs += event.logprobs
            for piece in event.tool_calls:
                choice.calls.setdefault(piece.index, []).append(piece)
        elif isinstance(event, Finished):
            choice.finished = event
    return collected


def finish_reason(finished: Finished, *, called: bool) -> FinishReason:
    """The reason as the API has it; a cancelled generation never comes this far."""
    if finished.reason == "length":
        return "length"
    return "tool_calls" if called else "stop"


def new_call_id() -> str:
    """An id of a tool call."""
    return f"call_{uuid4().hex[:24]}"
