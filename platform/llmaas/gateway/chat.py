"""`POST /v1/chat/completions`."""

from collections.abc import Sequence
from functools import partial
from secrets import token_hex

import msgspec

from llmaas.gateway.answering import give_answer
from llmaas.gateway.client_texts import chat_texts
from llmaas.gateway.collecting import Choice, new_call_id
from llmaas.gateway.context import Exchange, Lease
from llmaas.gateway.decoding import decode
from llmaas.gateway.errors import InvalidRequest, UnsupportedValue
from llmaas.gateway.generation import sampling, stops, total_usage
from llmaas.gateway.images import image_characters, read_images
from llmaas.gateway.logprobs import chat_logprobs
from llmaas.gateway.metering import expected_chat
from llmaas.gateway.resolution import Target, caller, resolve
from llmaas.gateway.screening import output_check, screen
from llmaas.gateway.steering import (
    check_tool_choice,
    form_of,
    has_format,
    template_arguments,
    thinking,
    tool_choice,
)
from llmaas.gateway.wire import (
    AssistantAnswer,
    AssistantMessage,
    Backend,
    ChatChoice,
    ChatChunk,
    ChatCompletion,
    ChatDelta,
    ChatRequest,
    ChunkChoice,
    FunctionDelta,
    TokenUsage,
    ToolCallPiece,
)
from llmaas.gateway.wire.answers import FinishReason
from llmaas.gateway.wire.messages import to_template
from llmaas.gateway.wire.requests import DEFAULT_MAX_TOKENS
from llmaas.workers.protocol import Delta, Generate, ImageInput, ToolCallDelta


async def create_chat_completion(exchange: Exchange) -> None:
    """Answer a conversation, whole or as it grows."""
    key = caller(exchange)
    body = await exchange.body()
    request = decode(body, exchange.header(b"content-type"), ChatRequest)
    target = resolve(exchange, key, request.model, "chat.completions")
    await answer_chat(exchange, request, target)


async def answer_chat(exchange: Exchange, request: ChatRequest, target: Target) -> None:
    """Answer a conversation with a model that was found."""
    check(request, target)
    images = await read_images(exchange, request, target)
    model = target.model.route.model
    await screen(exchange, chat_texts(request), model=model, user=request.user)
    await exchange.unless_gone(_answer(exchange, request, target, images))


def check(request: ChatRequest, target: Target) -> None:
    """Refuse what the schema cannot.

    Raises:
        InvalidRequest: fields do not go together.
        UnsupportedValue: the service or the model does not offer it.
    """
    for position, message in enumerate(request.messages):
        if (
            isinstance(message, AssistantMessage)
            and message.content is None
            and not message.tool_calls
        ):
            param = f"messages[{position}].content"
            raise InvalidRequest(
                f"The field '{param}' is required when the assistant called no tool.", param=param
            )
    if request.top_logprobs is not None and not request.logprobs:
        raise InvalidRequest("'top_logprobs' needs 'logprobs': true.", param="top_logprobs")
    if request.tools and "tools" not in target.model.route.capabilities:
        raise UnsupportedValue(
            f"The model '{target.model.route.model}' cannot call tools. "
            "GET /v1/models shows which models have the capability 'tools'.",
            param="tools",
        )
    check_tool_choice(request)
    if request.grammar is not None and has_format(request):
        raise InvalidRequest(
            "Give either 'grammar' or 'response_format', not both.", param="grammar"
        )


async def _answer(
    exchange: Exchange, request: ChatRequest, target: Target, images: list[ImageInput]
) -> None:
    count = request.n or 1
    checked = output_check(exchange, request)
    # What is looked for in an answer has to be found before the answer is complete.
    whole = checked is None and not request.stream and not request.logprobs
    generates = [_generate(request, choice, images, whole=whole) for choice in range(count)]
    if checked is not None:
        for generate in generates:
            checked.marked(generate.messages)
    await give_answer(
        exchange,
        target,
        generates,
        partial(ChatForm, exchange, request, target.model.route.model),
        param="messages",
        prompt_tokens=expected_chat(
            exchange, target, images=len(images), of_images=image_characters(request)
        ),
        choices_per_prompt=count,
        streams=bool(request.stream),
        checked=checked,
    )


def _generate(
    request: ChatRequest, choice: int, images: list[ImageInput], *, whole: bool
) -> Generate:
    tools = request.tools if request.tool_choice != "none" else None
    return Generate(
        stream=0,  # the lease numbers it
        messages=to_template(request.messages),
        images=images,
        tools=None if not tools else msgspec.to_builtins(tools),
        tool_choice=tool_choice(request),
        thinking=thinking(request),
        template_arguments=template_arguments(request),
        max_tokens=request.max_completion_tokens or request.max_tokens or DEFAULT_MAX_TOKENS,
        stop=stops(request),
        sampling=sampling(request, choice=choice),
        grammar=form_of(request),
        top_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        whole=whole,
    )


class ChatForm:
    """The chunks of one streamed answer, and what whole answers share with them."""

    def __init__(self, exchange: Exchange, request: ChatRequest, model: str, lease: Lease) -> None:
        self.id = f"chatcmpl-{token_hex(16)}"
        self.created = int(exchange.gateway.now())
        self.model = model
        self.backend = Backend(engine_type=lease.engine_type, machine_name=lease.machine_name)
        options = request.stream_options
        self.include_usage = options is not None and bool(options.include_usage)
        self._logprobs = bool(request.logprobs)

    def first(self, index: int) -> ChatChunk:
        """What opens a choice: its role and the backend."""
        chunk = self._chunk(index, ChatDelta(role="assistant", content=""))
        chunk.backend = self.backend
        return chunk

    def delta(self, index: int, delta: Delta) -> ChatChunk:
        """New text of a choice."""
        chunk = self._chunk(
            index,
            ChatDelta(
                content=delta.content or msgspec.UNSET,
                reasoning_content=delta.reasoning or msgspec.UNSET,
                tool_calls=[_piece(piece) for piece in _merged(delta)] or msgspec.UNSET,
            ),
        )
        if self._logprobs and delta.logprobs:
            chunk.choices[0].logprobs = chat_logprobs(delta.logprobs)
        return chunk

    def last(self, index: int, reason: FinishReason) -> ChatChunk:
        """What closes a choice."""
        return self._chunk(index, ChatDelta(content=""), reason)

    def whole(self, choices: Sequence[Choice]) -> ChatCompletion:
        """The answer to who does not stream."""
        return ChatCompletion(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[
                ChatChoice(
                    index=index,
                    message=AssistantAnswer(
                        content="".join(choice.content) or (None if choice.calls.pieces else ""),
                        reasoning_content="".join(choice.reasoning) or msgspec.UNSET,
                        tool_calls=choice.tool_calls or msgspec.UNSET,
                    ),
                    logprobs=chat_logprobs(choice.logprobs) if self._logprobs else None,
                    finish_reason=choice.finish_reason,
                )
                for index, choice in enumerate(choices)
            ],
            usage=total_usage([c.usage for c in choices], choices_per_prompt=len(choices)),
            backend=self.backend,
        )

    def usage(self, usage: TokenUsage) -> ChatChunk:
        """What follows the last choice when usage was asked for."""
        return ChatChunk(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[],
            usage=usage,
            backend=self.backend,
        )

    def _chunk(
        self, index: int, delta: ChatDelta, finish_reason: FinishReason | None = None
    ) -> ChatChunk:
        return ChatChunk(
            id=self.id,
            created=self.created,
            model=self.model,
            choices=[ChunkChoice(index=index, delta=delta, finish_reason=finish_reason)],
            usage=None if self.include_usage else msgspec.UNSET,
        )


def _merged(delta: Delta) -> list[ToolCallDelta]:
    """One piece of each call: some clients take no more from one chunk."""
    merged: dict[int, ToolCallDelta] = {}
    for piece in delta.tool_calls:
        before = merged.get(piece.index)
        merged[piece.index] = (
            piece
            if before is None
            else ToolCallDelta(piece.index, before.name, before.arguments + piece.arguments)
        )
    return list(merged.values())


def _piece(delta: ToolCallDelta) -> ToolCallPiece:
    if delta.name is None:
        return ToolCallPiece(index=delta.index, function=FunctionDelta(arguments=delta.arguments))
    return ToolCallPiece(
        index=delta.index,
        id=new_call_id(),
        type="function",
        function=FunctionDelta(name=delta.name, arguments=delta.arguments),
    )
