"""From a request to events of the worker: several generations as one stream of events."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from types import TracebackType

from llmaas.gateway.context import Gateway, Generation, Lease
from llmaas.gateway.errors import (
    ApiError,
    ContextLengthExceeded,
    InvalidRequest,
    Overloaded,
    ServerError,
    Unavailable,
    UnsupportedValue,
)
from llmaas.gateway.wire import (
    CompletionTokensDetails,
    GenerationRequest,
    PromptTokensDetails,
    TokenUsage,
)
from llmaas.workers import GenerationFailed, WorkerUnavailable
from llmaas.workers.protocol import (
    Delta,
    Failed,
    Finished,
    Generate,
    Sampling,
    Started,
    Usage,
)

SEEDS = 2**32
CONCURRENT_CHOICES = 8
"""Choices of one request that are generated together; the others wait for their turn."""


class Filtered(Finished, frozen=True):
    """The end of an answer that gave away what only the model was to read."""


Event = Started | Delta | Finished

_SAMPLED = tuple(name for name in Sampling.__struct_fields__ if name != "seed")
"""Called the same in a request; null takes the worker's default, which is the documented one."""


def sampling(request: GenerationRequest, *, choice: int) -> Sampling:
    """The sampling of the `choice`-th answer: a given seed differs between them."""
    fields = {name: getattr(request, name, None) for name in _SAMPLED}
    given = {name: value for name, value in fields.items() if value is not None}
    if request.repetition_penalty is not None:
        given["repeat_penalty"] = request.repetition_penalty
    if request.seed is not None:
        given["seed"] = (request.seed + choice) % SEEDS
    return Sampling(**given)


def stops(request: GenerationRequest) -> list[str]:
    """The stop strings; empty ones stop nothing."""
    given = [request.stop] if isinstance(request.stop, str) else request.stop or []
    return [text for text in given if text]


class Leased:
    """A worker of a pool, held for the time of the context; one is started where none runs.

    Raises:
        Unavailable: none can be had.
    """

    def __init__(self, gateway: Gateway, pool: str) -> None:
        self._lease = gateway.workers.lease(pool)

    async def __aenter__(self) -> Lease:
        try:
            return await self._lease.__aenter__()
        except WorkerUnavailable as error:
            raise _unavailable(error) from error

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._lease.__aexit__(kind, error, traceback)
        if isinstance(error, WorkerUnavailable):
            raise _unavailable(error) from error


async def events(
    lease: Lease,
    requests: Sequence[Generate],
    *,
    param: str,
    given_up: Callable[[int, Usage], None],
) -> AsyncGenerator[tuple[int, Event]]:
    """Run the generations and yield what happens as `(position in requests, event)`.

    Closing the generator cancels all of them. `Finished` is only yielded for a generation that
    came to its end.

    Args:
        lease: the worker.
        requests: one for each choice.
        param: the field of the request that holds the prompt, for errors.
        given_up: told what a generation has used that is closed before its end, when the worker
            has stopped it.

    Raises:
        ApiError: one of them failed; the others are cancelled.
    """
    try:
        if len(requests) == 1:
            async with _Watched(lease, 0, requests[0], given_up) as generation:
                async for event in generation:
                    yield 0, _completed(event)
        else:
            async with aclosing(_together(lease, requests, given_up)) as merged:
                async for position, event in merged:
                    yield position, _completed(event)
    except GenerationFailed as error:
        raise api_error(error.failure, param) from error
    except WorkerUnavailable as error:
        raise _unavailable(error) from error


class _Watched:
    """A generation that tells what it has used when it is closed before its end."""

    def __init__(
        self, lease: Lease, position: int, request: Generate, given_up: Callable[[int, Usage], None]
    ) -> None:
        self._generation = lease.generate(request)
        self._position = position
        self._given_up = given_up

    async def __aenter__(self) -> Generation:
        return self._generation

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._generation.aclose()
        if kind is not None:
            self._given_up(self._position, await self._generation.settled())


async def _together(
    lease: Lease, requests: Sequence[Generate], given_up: Callable[[int, Usage], None]
) -> AsyncGenerator[tuple[int, Event]]:
    turns = asyncio.Semaphore(CONCURRENT_CHOICES)
    arrived: asyncio.Queue[tuple[int, Event | None]] = asyncio.Queue()

    async def run(position: int, request: Generate) -> None:
        try:
            async with turns, _Watched(lease, position, request, given_up) as generation:
                async for event in generation:
                    arrived.put_nowait((position, event))
        finally:
            arrived.put_nowait((position, None))

    tasks = [asyncio.ensure_future(run(*item)) for item in enumerate(requests)]
    try:
        running = len(tasks)
        while running:
            position, event = await arrived.get()
            if event is not None:
                yield position, event
                continue
            running -= 1
            await tasks[position]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _completed(event: Event) -> Event:
    if isinstance(event, Finished) and event.reason == "cancelled":
        raise Unavailable("The worker was stopped before the answer was complete.")
    return event


_WIRE_NAMES = {"json_schema": "response_format"}


def api_error(failure: Failed, param: str) -> ApiError:
    """What a caller is told of a failure in the worker.

    Args:
        failure: as the worker has it.
        param: the field of the request that holds the prompt, for failures that name no other.
    """
    if failure.field is not None:
        param = _WIRE_NAMES.get(failure.field, failure.field)
    match failure.code:
        case "context_length_exceeded":
            return ContextLengthExceeded(
                prompt_tokens=failure.prompt_tokens or 0, n_ctx=failure.n_ctx or 0, param=param
            )
        case "invalid_request":
            return InvalidRequest(failure.message, param=param)
        case "unsupported":
            return UnsupportedValue(failure.message, param=param)
        case "overloaded":
            return Overloaded(failure.message, retry_after_s=failure.retry_after_s)
        case "deadline_exceeded":
            return Unavailable(failure.message)
        case _:
            return ServerError(
                "The model failed while answering. Try again; x-request-id names this request."
            )


def _unavailable(error: WorkerUnavailable) -> Unavailable:
    lasting = error.retry_after_s is None
    return Unavailable(str(error), retry_after_s=error.retry_after_s, lasting=lasting)


def total_usage(usages: Sequence[Usage], *, choices_per_prompt: int) -> TokenUsage:
    """Tokens of all choices; a prompt that was continued several times counts once.

    Args:
        usages: of every choice, those of one prompt side by side.
        choices_per_prompt: `n` of the request.
    """
    prompts = usages[::choices_per_prompt]
    prompt_tokens = sum(usage.prompt_tokens for usage in prompts)
    completion_tokens = sum(usage.completion_tokens for usage in usages)
    reasoning_tokens = sum(usage.reasoning_tokens for usage in usages)
    return TokenUsage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
        reasoning_tokens=reasoning_tokens,
        prompt_tokens_details=PromptTokensDetails(
            cached_tokens=sum(usage.cached_tokens for usage in prompts),
            image_tokens=sum(usage.image_tokens for usage in prompts),
        ),
        completion_tokens_details=CompletionTokensDetails(reasoning_tokens=reasoning_tokens),
    )
