"""Every text of a request that reaches a model: who it speaks for and where it stands.

What is left out never reaches one: names of models, stop strings, and the rules and schemas that
bind an answer. A test walks the structs of requests, so a new field needs a decision there.
"""

# ruff: noqa: PLC0415 - the layer is loaded where one runs, not where the API is described

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llmaas.gateway.generation import Leased, api_error
from llmaas.gateway.inputs import Input
from llmaas.gateway.wire import ChatRequest, TranscriptionRequest
from llmaas.gateway.wire.messages import (
    AssistantMessage,
    Content,
    Message,
    TextPart,
    ToolMessage,
    UserMessage,
)
from llmaas.gateway.wire.requests import Tool
from llmaas.workers import GenerationFailed

if TYPE_CHECKING:
    # Only a running layer needs numpy: `llmaas check` describes the API without it.
    from llmaas.gateway.context import Exchange, Gateway
    from llmaas.gateway.resolution import Target
    from llmaas.security import Part
    from llmaas.security.verdict import Role


def chat_texts(request: ChatRequest) -> "list[Part]":
    """Every text of a conversation: messages, offered tools, variables of the chat template."""
    from llmaas.security import Part

    parts = [
        part for number, each in enumerate(request.messages) for part in _message(number, each)
    ]
    for number, tool in enumerate(request.tools or ()):
        parts += _tool(tool, f"tools[{number}].function")
    if request.chat_template_kwargs:
        told = "\n".join(_strings(request.chat_template_kwargs))
        parts.append(Part("tool", told, "chat_template_kwargs"))
    return parts


def _message(number: int, message: Message) -> "Iterator[Part]":
    from llmaas.security import Part

    role: Role = "system"
    if isinstance(message, UserMessage):
        role = "user"
    elif isinstance(message, ToolMessage):
        role = "tool"
    elif isinstance(message, AssistantMessage):
        role = "assistant"
    place = f"messages[{number}]"
    yield from _content(role, message.content, place)
    if message.name:
        yield Part(role, message.name, f"{place}.name")
    if isinstance(message, ToolMessage):
        yield Part(role, message.tool_call_id, f"{place}.tool_call_id")
    if isinstance(message, AssistantMessage):
        if message.reasoning_content:
            yield Part(role, message.reasoning_content, f"{place}.reasoning_content")
        for index, call in enumerate(message.tool_calls or ()):
            called = f"{place}.tool_calls[{index}]"
            yield Part("tool", f"{call.id} {call.function.name}", f"{called}.function.name")
            yield Part("tool", call.function.arguments, called)


def _content(role: "Role", content: Content | None, place: str) -> "Iterator[Part]":
    from llmaas.security import Part

    if isinstance(content, str):
        yield Part(role, content, place)
        return
    for index, part in enumerate(content or ()):
        if isinstance(part, TextPart):
            yield Part(role, part.text, f"{place}.content[{index}]")


def _tool(tool: Tool, place: str) -> "Iterator[Part]":
    """Descriptions come from whoever wrote the tool: documents, not the customer's own words."""
    from llmaas.security import Part

    function = tool.function
    yield Part("tool", f"{function.name}\n{function.description or ''}", f"{place}.description")
    if function.parameters:
        yield Part("tool", "\n".join(_strings(function.parameters)), f"{place}.parameters")


def _strings(value: Any) -> Iterator[str]:
    """Names and strings of JSON, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            waiting += [item for pair in reversed(list(each.items())) for item in reversed(pair)]
        elif isinstance(each, list):
            waiting += reversed(each)


def spoken_texts(exchange: "Exchange", request: TranscriptionRequest) -> "list[Part]":
    """What goes before a recording; the recording itself is heard by its model alone."""
    if exchange.gateway.screening is None:
        return []
    from llmaas.security import Part

    given = (("prompt", request.prompt), ("initial_prompt", request.initial_prompt))
    return [Part("user", text, name) for name, text in given if text]


async def input_texts(
    gateway: "Gateway", target: "Target", inputs: Sequence[Input], role: "Role", param: str
) -> "list[Part]":
    """Prompts or embedding inputs; token ids are spelled by the worker that knows their vocabulary.

    Raises:
        ApiError: that worker cannot be had.
    """
    if gateway.screening is None:
        return []
    from llmaas.security import Part

    several = len(inputs) > 1
    return [
        Part(role, text, f"{param}[{number}]" if several else param)
        for number, text in enumerate(await _spelled(gateway, target, inputs, param))
    ]


async def _spelled(
    gateway: "Gateway", target: "Target", inputs: Sequence[Input], param: str
) -> list[str]:
    # Longer prompts are refused by the worker, so what is beyond the context reaches no model.
    n_ctx = target.served.spec.n_ctx
    ids = [each[:n_ctx] for each in inputs if isinstance(each, list)]
    if not ids:
        return [each for each in inputs if isinstance(each, str)]
    async with Leased(gateway, target.model.route.pool) as lease:
        try:
            return await lease.spell(ids)
        except GenerationFailed as error:
            raise api_error(error.failure, param) from error
