"""Metering of requests: admitted before a worker is asked, settled before the client has the end.

admitted ──► the worst case is held, or 429
metered  ──► events of the worker on their way to the client: the prompt is counted, tokens are
             noted before they are sent, and no client has the end until the ledger has it
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Self

import msgspec

from llmaas.accounts import (
    Admission,
    LimiterUnavailableError,
    LimitReachedError,
    Metered,
    TierUnknownError,
    Usage,
)
from llmaas.gateway.access import access_of
from llmaas.gateway.context import Exchange, request_id
from llmaas.gateway.errors import Unavailable
from llmaas.gateway.generation import Event
from llmaas.gateway.inputs import Input
from llmaas.gateway.limits import announce_limits, key_of, refused, unanswered
from llmaas.gateway.resolution import Target
from llmaas.workers.protocol import Delta, Generate, Started
from llmaas.workers.protocol import Usage as WorkerUsage

TEMPLATE_TOKENS = 1024
"""What a chat template may add to a conversation, at a guess; the tokenizer's count follows."""
IMAGE_TOKENS = 8192
"""What an image takes at most, at a guess; the worker's count follows."""
SPECIAL_TOKENS = 8
"""What a tokenizer adds to a prompt."""


@dataclass
class _Tally:
    """Tokens of one request, by choice; a prompt that is continued several times counts once."""

    caps: list[int]
    """Output tokens at most, of each choice."""
    choices_per_prompt: int
    prompts: dict[int, int] = field(default_factory=dict)
    completion: list[int] = field(init=False)
    reasoning: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.completion = [0] * len(self.caps)
        self.reasoning = [0] * len(self.caps)

    @property
    def prompts_in_all(self) -> int:
        return len(self.caps) // self.choices_per_prompt

    @property
    def usage(self) -> Usage:
        return Usage(
            prompt_tokens=sum(self.prompts.values()),
            completion_tokens=sum(self.completion),
            reasoning_tokens=sum(self.reasoning),
        )

    def started(self, choice: int, prompt_tokens: int) -> bool:
        """Count a prompt; whether it had not been counted yet."""
        prompt = choice // self.choices_per_prompt
        if prompt in self.prompts:
            return False
        self.prompts[prompt] = prompt_tokens
        return True

    def produced(self, choice: int, delta: Delta) -> None:
        """Count the tokens of a delta; one at least, where the worker does not tell."""
        before = self.completion[choice]
        # More than was asked for is the worker's fault, and nobody is billed for it.
        now = min(max(delta.completion_tokens, before + 1), self.caps[choice])
        self.completion[choice] = now
        if delta.reasoning:
            self.reasoning[choice] += now - before

    def finished(self, choice: int, usage: WorkerUsage) -> None:
        """Take the worker's own count of a choice."""
        self.completion[choice] = min(usage.completion_tokens, self.caps[choice])
        self.reasoning[choice] = min(usage.reasoning_tokens, self.completion[choice])


@dataclass
class Metering:
    """One admitted generation. Leaving the context settles it, however it is left."""

    exchange: Exchange
    metered: Metered
    expected_prompt_tokens: int
    tally: _Tally
    streams: bool
    generates: list[Generate]
    """As the worker is to have them: with whose they are."""
    _written: "asyncio.Future[None] | None" = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if not self.metered.settled and any(self.tally.completion):
                self.metered.produced(self.tally.usage)
        finally:  # also on a full disk: what is held would be held for ever
            _settle(self.exchange, self.metered)

    async def events(
        self, happening: AsyncGenerator[tuple[int, Event]]
    ) -> AsyncGenerator[tuple[int, Event]]:
        """Relay events and meter them; the last one of a stream when the usage is on disk.

        The answer to who does not stream is made meanwhile, and waits for `written`.

        Raises:
            ApiError: the prompt is longer than expected and does not fit a limit.
        """
        tally, open_choices = self.tally, len(self.tally.caps)
        async with aclosing(happening):
            async for choice, event in happening:
                if isinstance(event, Delta):
                    tally.produced(choice, event)
                    if self.streams:
                        if self.exchange.first_token_s is None:
                            self.exchange.first_token_s = self.exchange.seconds
                        self.metered.produced(tally.usage)
                elif isinstance(event, Started):
                    if tally.started(choice, event.prompt_tokens):
                        await self._prompt_counted()
                else:
                    tally.finished(choice, event.usage)
                    open_choices -= 1
                    if open_choices == 0:
                        self._written = complete(self.exchange, self.metered, tally.usage)
                        if self.streams:
                            await self.written()
                    elif self.streams:
                        self.metered.produced(tally.usage)
                yield choice, event

    async def written(self) -> None:
        """Return when the usage is on disk; no client has the end of its answer before."""
        assert self._written is not None, "every choice has ended"
        await announce_limits(self.exchange)
        await asyncio.shield(self._written)

    def given_up(self, choice: int, usage: WorkerUsage) -> None:
        """Count what a choice had used when the worker stopped it for a client that has left.

        That is a little more than the client saw. What breaks on our side is due as far as it was
        seen.
        """
        if self.exchange.gone:
            self.tally.finished(choice, usage)

    async def _prompt_counted(self) -> None:
        tally = self.tally
        counted = sum(tally.prompts.values())
        all_counted = len(tally.prompts) == tally.prompts_in_all
        try:
            await self.metered.prompt_counted(
                counted, expected=None if all_counted else self.expected_prompt_tokens
            )
        except LimitReachedError as error:
            raise await refused(self.exchange, error.refusal) from error
        except LimiterUnavailableError as error:
            raise unanswered(error) from error
        if self.streams:  # its headers are sent now; those of a whole answer when it is settled
            await announce_limits(self.exchange)


async def admitted(
    exchange: Exchange,
    target: Target,
    generates: Sequence[Generate],
    *,
    prompt_tokens: int,
    choices_per_prompt: int,
    streams: bool,
) -> Metering:
    """Hold the worst case of a generation; enter at once what is returned, it lets go at its end.

    Args:
        exchange: the request.
        target: the model that answers.
        generates: one for each choice, those of one prompt side by side.
        prompt_tokens: of all prompts, as `expected_chat` or `expected_prompts` has it.
        choices_per_prompt: `n` of the request.
        streams: whether the client sees the answer before its end.

    Raises:
        ApiError: it does not fit.
    """
    n_ctx = target.served.spec.n_ctx
    caps = [min(each.max_tokens or n_ctx, n_ctx) for each in generates]
    metered = await admit(
        exchange, target, prompt_tokens=prompt_tokens, output_tokens=sum(caps), streams=streams
    )
    key = key_of(exchange)
    # Computed prefixes are shared within a tenant only, turns are taken between keys.
    owned = [msgspec.structs.replace(g, tenant=key.tenant, owner=key.id) for g in generates]
    tally = _Tally(caps, choices_per_prompt)
    return Metering(exchange, metered, prompt_tokens, tally, streams, owned)


async def admit(
    exchange: Exchange,
    target: Target,
    *,
    prompt_tokens: int = 0,
    output_tokens: int = 0,
    audio_seconds: int = 0,
    streams: bool = False,
) -> Metered:
    """Hold the worst case of any request; `settling` has to follow at once.

    Raises:
        ApiError: it does not fit.
    """
    admission = Admission(
        request_id=request_id(exchange.scope),
        key=key_of(exchange),
        route=target.model.route,
        endpoint=target.endpoint or "",
        prompt_tokens=prompt_tokens,
        output_tokens=output_tokens,
        audio_seconds=audio_seconds,
        streams=streams,
    )
    try:
        return await exchange.gateway.meter.admit(admission)
    except LimitReachedError as error:
        raise await refused(exchange, error.refusal) from error
    except LimiterUnavailableError as error:
        raise unanswered(error) from error
    except TierUnknownError as error:
        raise Unavailable(
            "The terms of this account are not in the catalogue any more. "
            "Its operator has to move it to another tier."
        ) from error


@contextmanager
def settling(exchange: Exchange, metered: Metered) -> Iterator[None]:
    """Settle what was admitted when the context is left, however it is left."""
    try:
        yield
    finally:
        _settle(exchange, metered)


def _settle(exchange: Exchange, metered: Metered) -> None:
    exchange.usage = metered.usage
    metered.abandon("cancelled" if exchange.gone else "broken")


def complete(exchange: Exchange, metered: Metered, usage: Usage) -> "asyncio.Future[None]":
    """Settle a request with its line in the audit trail; on disk when what is returned is done."""
    exchange.usage = usage
    exchange.audited = True
    return metered.complete(usage, access_of(exchange, status=200, outcome="completed"))


async def prompt_counted(exchange: Exchange, metered: Metered, prompt_tokens: int) -> None:
    """Check a prompt whose tokens are known only now.

    Raises:
        ApiError: it is longer than expected, and that does not fit.
    """
    try:
        await metered.prompt_counted(prompt_tokens)
    except LimitReachedError as error:
        raise await refused(exchange, error.refusal) from error
    except LimiterUnavailableError as error:
        raise unanswered(error) from error


async def audio_counted(exchange: Exchange, metered: Metered, audio_seconds: int) -> None:
    """Hold what a recording costs, now that the worker has found out how long it is.

    Raises:
        ApiError: it is longer than expected, and that does not fit.
    """
    try:
        await metered.audio_counted(audio_seconds)
    except LimitReachedError as error:
        raise await refused(exchange, error.refusal) from error
    except LimiterUnavailableError as error:
        raise unanswered(error) from error


def expected_chat(exchange: Exchange, target: Target, *, images: int, of_images: int) -> int:
    """Tokens a conversation has at most, at a guess: a token of text is one byte at least.

    Args:
        exchange: the request.
        target: the model that answers.
        images: how many it has.
        of_images: bytes of the body that are theirs.
    """
    text = exchange.body_bytes - of_images + TEMPLATE_TOKENS
    return min(text + images * IMAGE_TOKENS, target.served.spec.n_ctx)


def expected_prompts(prompts: Sequence[Input], target: Target) -> int:
    """Tokens that prompts have at most, all together."""
    n_ctx = target.served.spec.n_ctx
    lengths = (len(each.encode()) if isinstance(each, str) else len(each) for each in prompts)
    return sum(min(length + SPECIAL_TOKENS, n_ctx) for length in lengths)
