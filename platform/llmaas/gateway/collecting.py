"""Events of the worker gathered into whole answers, for requests that do not stream."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from secrets import token_hex

import msgspec

from llmaas.gateway.errors import ServerError
from llmaas.gateway.generation import Event, Filtered
from llmaas.gateway.wire import AnsweredFunction, AnsweredToolCall
from llmaas.gateway.wire.answers import FinishReason
from llmaas.workers.protocol import Delta, Finished, TokenLogprob, ToolCallDelta, Usage


@dataclass
class Calls:
    """The calls of one answer while they grow."""

    pieces: dict[int, list[ToolCallDelta]] = field(default_factory=dict)

    def add(self, delta: Delta) -> None:
        """More of them."""
        for piece in delta.tool_calls:
            self.pieces.setdefault(piece.index, []).append(piece)

    def arguments(self) -> list[str]:
        """Of every call, in their order."""
        return ["".join(p.arguments for p in pieces) for _, pieces in sorted(self.pieces.items())]

    @property
    def complete(self) -> bool:
        """There are calls, and a client can make all of them."""
        return bool(self.pieces) and all(map(_is_object, self.arguments()))


@dataclass
class Choice:
    """One answer while it grows."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: Calls = field(default_factory=Calls)
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
        return finish_reason(self.end, self.calls)

    @property
    def tool_calls(self) -> list[AnsweredToolCall]:
        """The calls it asks for."""
        return [
            AnsweredToolCall(
                id=new_call_id(),
                function=AnsweredFunction(
                    name="".join(piece.name or "" for piece in self.calls.pieces[index]),
                    arguments=arguments,
                ),
            )
            for index, arguments in zip(
                sorted(self.calls.pieces), self.calls.arguments(), strict=True
            )
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
            choice.calls.add(event)
        elif isinstance(event, Finished):
            choice.finished = event
    return collected


def finish_reason(finished: Finished, calls: Calls) -> FinishReason:
    """The reason as the API has it; a cancelled generation never comes this far.

    `tool_calls` promises calls that can be made: the arguments of each are a JSON object. What was
    cut short, or is none, stays in the answer as it was written, and the reason says so.
    """
    if isinstance(finished, Filtered):
        return "content_filter"
    if finished.reason == "length":
        return "length"
    return "tool_calls" if calls.complete else "stop"


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def new_call_id() -> str:
    """An id of a tool call."""
    return f"call_{token_hex(12)}"
