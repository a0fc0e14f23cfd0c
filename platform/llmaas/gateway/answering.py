"""From generations to an answer, streamed or whole: metered, checked, never before its ledger."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Protocol

import msgspec

from llmaas.gateway.collecting import Choice, collect
from llmaas.gateway.context import Exchange, Lease
from llmaas.gateway.generation import Leased, events
from llmaas.gateway.metering import admitted
from llmaas.gateway.output_check import OutputCheck
from llmaas.gateway.resolution import Target
from llmaas.gateway.streaming import Chunks, stream
from llmaas.workers.protocol import Generate


class Form(Chunks, Protocol):
    """How an operation words its answers."""

    include_usage: bool
    """Whether a stream tells its usage at the end."""

    def whole(self, choices: Sequence[Choice]) -> msgspec.Struct:
        """The answer to who does not stream."""


async def give_answer(
    exchange: Exchange,
    target: Target,
    generates: Sequence[Generate],
    form_of: Callable[[Lease], Form],
    *,
    param: str,
    prompt_tokens: int,
    choices_per_prompt: int,
    streams: bool,
    checked: OutputCheck | None = None,
) -> None:
    """Generate, and send what was generated.

    Args:
        exchange: the request.
        target: the model that answers.
        generates: one for each choice, those of one prompt side by side.
        form_of: how the answer of a worker is worded.
        param: the field of the request that holds the prompt, for errors.
        prompt_tokens: of all prompts, as `expected_chat` or `expected_prompts` has it.
        choices_per_prompt: `n` of the request.
        streams: whether the client sees the answer before its end.
        checked: what no answer may give away.

    Raises:
        ApiError: it does not fit a limit, or fails before its first byte was sent.
    """
    metering = await admitted(
        exchange,
        target,
        generates,
        prompt_tokens=prompt_tokens,
        choices_per_prompt=choices_per_prompt,
        streams=streams,
    )
    count = len(generates)
    with metering:
        async with Leased(exchange.gateway, target.model.route.pool) as lease:
            form = form_of(lease)
            running = events(lease, metering.generates, param=param, given_up=metering.given_up)
            if checked is not None:
                running = checked.guarded(running, count)
            async with aclosing(metering.events(running)) as happening:
                if streams:
                    await stream(
                        exchange,
                        happening,
                        form,
                        choices=count,
                        choices_per_prompt=choices_per_prompt,
                        include_usage=form.include_usage,
                    )
                    return
                choices = await collect(happening, count)
    body = msgspec.json.encode(form.whole(choices))
    await metering.written()
    await exchange.answer(body)
