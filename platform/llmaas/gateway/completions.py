"""`POST /v1/completions`: continues a prompt, or answers messages as the service documents it."""

from collections.abc import Sequence
from functools import partial
from secrets import token_hex

import msgspec

from llmaas.gateway.answering import give_answer
from llmaas.gateway.chat import answer_chat
from llmaas.gateway.client_texts import input_texts
from llmaas.gateway.collecting import Choice
from llmaas.gateway.context import Exchange, Lease
from llmaas.gateway.decoding import decode
from llmaas.gateway.errors import InvalidRequest, UnsupportedValue
from llmaas.gateway.generation import sampling, stops, total_usage
from llmaas.gateway.inputs import MAX_PROMPTS, Input, read_inputs
from llmaas.gateway.logprobs import completion_logprobs
from llmaas.gateway.metering import expected_prompts
from llmaas.gateway.resolution import Target, caller, resolve
from llmaas.gateway.screening import screen
from llmaas.gateway.wire import (
    Backend,
    ChatRequest,
    Completion,
    CompletionChoice,
    CompletionChunk,
    CompletionChunkChoice,
    CompletionRequest,
    TokenUsage,
)
from llmaas.gateway.wire.answers import FinishReason
from llmaas.gateway.wire.requests import DEFAULT_MAX_TOKENS
from llmaas.workers.protocol import Delta, Generate, Grammar

ABSENT = msgspec.Raw(b"null")


class _Shape(msgspec.Struct):
    """Which of the two bodies it is; null counts as absent."""

    messages: msgspec.Raw = ABSENT
    prompt: msgspec.Raw = ABSENT


async def create_completion(exchange: Exchange) -> None:
    """Continue one or more prompts; with `messages`, answer as chat completions do."""
    key = caller(exchange)
    body = await exchange.body()
    content_type = exchange.header(b"content-type")
    shape = decode(body, content_type, _Shape)
    if shape.messages == ABSENT:
        request = decode(body, content_type, CompletionRequest)
        target = resolve(exchange, key, request.model, "completions")
        check(request)
        prompts = read_inputs(request.prompt, param="prompt", most=MAX_PROMPTS)
        texts = await input_texts(exchange.gateway, target, prompts, "user", "prompt")
        await screen(exchange, texts, model=target.model.route.model, user=request.user)
        await exchange.unless_gone(_answer(exchange, request, target, prompts))
        return
    if shape.prompt != ABSENT:
        raise InvalidRequest("Give either 'prompt' or 'messages', not both.", param="prompt")
    chat = decode(body, content_type, ChatRequest)
    await answer_chat(exchange, chat, resolve(exchange, key, chat.model, "completions"))


def check(request: CompletionRequest) -> None:
    """Refuse what the service does not offer.

    Raises:
        UnsupportedValue: it was asked for.
    """
    refusals = {
        "echo": (bool(request.echo), "The prompt is not repeated in the answer."),
        "suffix": (bool(request.suffix), "Text cannot be inserted before a suffix."),
        "best_of": (
            (request.best_of or 1) > (request.n or 1),
            "Only as many answers as 'n' are generated.",
        ),
    }
    for param, (refused, message) in refusals.items():
        if refused:
            raise UnsupportedValue(message, param=param)


async def _answer(
    exchange: Exchange, request: CompletionRequest, target: Target, prompts: list[Input]
) -> None:
    n = request.n or 1
    generates = [_generate(request, prompt, choice) for prompt in prompts for choice in range(n)]
    await give_answer(
        exchange,
        target,
        generates,
        partial(CompletionForm, exchange, request, target.model.route.model),
        param="prompt",
        prompt_tokens=expected_prompts(prompts, target),
        choices_per_prompt=n,
        streams=bool(request.stream),
    )


def _generate(request: CompletionRequest, prompt: Input, choice: int) -> Generate:
    return Generate(
        stream=0,  # the lease numbers it
        prompt=prompt if isinstance(prompt, str) else None,
        prompt_tokens=prompt if isinstance(prompt, list) else None,
        max_tokens=request.max_tokens or DEFAULT_MAX_TOKENS,
        stop=stops(request),
        sampling=sampling(request, choice=choice),
        grammar=None if request.grammar is None else Grammar(gbnf=request.grammar),
        top_logprobs=request.logprobs,
        whole=not request.stream and request.logprobs is None,
    )


class CompletionForm:
    """The chunks of one streamed completion, and what whole answers share with them."""

    def __init__(
        self, exchange: Exchange, request: CompletionRequest, model: str, lease: Lease
    ) -> None:
        self.id = f"cmpl-{token_hex(16)}"
        self.created = int(exchange.gateway.now())
        self.model = model
        self.backend = Backend(engine_type=lease.engine_type, machine_name=lease.machine_name)
        options = request.stream_options
        self.include_usage = options is not None and bool(options.include_usage)
        self._logprobs = request.logprobs is not None
        self._n = request.n or 1
        self._characters: dict[int, int] = {}

    def first(self, index: int) -> CompletionChunk:
        """What opens a choice: the backend."""
        chunk = self._chunk(CompletionChunkChoice(index=index, text=""))
        chunk.backend = self.backend
        return chunk

    def delta(self, index: int, delta: Delta) -> CompletionChunk:
        """New text of a choice."""
        before = self._characters.get(index, 0)
        self._characters[index] = before + len(delta.content)
        return self._chunk(
            CompletionChunkChoice(
                index=index,
                text=delta.content,
                reasoning_content=delta.reasoning or msgspec.UNSET,
                logprobs=completion_logprobs(delta.logprobs, offset=before)
                if self._logprobs and delta.logprobs
                else None,
            )
        )

    def last(self, index: int, reason: FinishReason) -> CompletionChunk:
        """What closes a choice."""
        return self._chunk(CompletionChunkChoice(index=index, text="", finish_reason=reason))

    def whole(self, choices: Sequence[Choice]) -> Completion:
        """The answer to who does not stream."""
        return Completion(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[
                CompletionChoice(
                    index=index,
                    text="".join(choice.content),
                    reasoning_content="".join(choice.reasoning) or msgspec.UNSET,
                    logprobs=completion_logprobs(choice.logprobs, offset=0)
                    if self._logprobs
                    else None,
                    finish_reason=choice.finish_reason,
                )
                for index, choice in enumerate(choices)
            ],
            usage=total_usage([c.usage for c in choices], choices_per_prompt=self._n),
            backend=self.backend,
        )

    def usage(self, usage: TokenUsage) -> CompletionChunk:
        """What follows the last choice when usage was asked for."""
        return CompletionChunk(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[],
            usage=usage,
            backend=self.backend,
        )

    def _chunk(self, choice: CompletionChunkChoice) -> CompletionChunk:
        return CompletionChunk(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[choice],
            usage=None if self.include_usage else msgspec.UNSET,
        )
