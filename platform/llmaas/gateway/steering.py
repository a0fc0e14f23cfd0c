"""What a chat request asks of the answer's form: tools, JSON, rules, thinking."""

import re
from typing import Any

from llmaas.gateway.errors import InvalidRequest
from llmaas.gateway.wire import (
    ChatRequest,
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedToolChoice,
)
from llmaas.workers.protocol import Grammar, ToolChoice

_FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_.\-]{1,64}")
_NO_THOUGHT = frozenset({"none", "minimal", "low"})


def check_tool_choice(request: ChatRequest) -> None:
    """Refuse tools and choices that do not go together.

    Raises:
        InvalidRequest: the message names the field.
    """
    names = [tool.function.name for tool in request.tools or ()]
    for position, name in enumerate(names):
        if _FUNCTION_NAME.fullmatch(name) is None:
            raise InvalidRequest(
                f"'{name}' is no name of a function: letters, digits, '_', '-' and '.', "
                "64 at most.",
                param=f"tools[{position}].function.name",
            )
        if name in names[:position]:
            raise InvalidRequest(
                f"Two functions are called '{name}'.", param=f"tools[{position}].function.name"
            )
    choice = request.tool_choice
    if isinstance(choice, NamedToolChoice) and choice.function.name not in names:
        raise InvalidRequest(f"No tool is called '{choice.function.name}'.", param="tool_choice")
    if choice == "required" and not names:
        raise InvalidRequest("A call is required, but there are no tools.", param="tool_choice")


def tool_choice(request: ChatRequest) -> ToolChoice:
    """The choice as workers know it."""
    choice = request.tool_choice
    named = choice.function.name if isinstance(choice, NamedToolChoice) else None
    return ToolChoice(
        required=choice == "required" or named is not None,
        function=named,
        parallel=request.parallel_tool_calls is not False,
    )


def has_format(request: ChatRequest) -> bool:
    """Whether the answer has to be JSON."""
    return isinstance(request.response_format, JsonObjectFormat | JsonSchemaFormat)


def form_of(request: ChatRequest) -> Grammar | None:
    """What binds the answer."""
    if isinstance(request.response_format, JsonObjectFormat):
        return Grammar(json_schema={"type": "object"})
    if isinstance(request.response_format, JsonSchemaFormat):
        schema = request.response_format.json_schema.schema
        return Grammar(json_schema={} if schema is None else schema)
    return None if request.grammar is None else Grammar(gbnf=request.grammar)


def thinking(request: ChatRequest) -> bool | None:
    """Whether the model is told to think, or not to; `None` leaves it as it is."""
    effort = request.reasoning_effort
    return None if effort is None else effort not in _NO_THOUGHT


def template_arguments(request: ChatRequest) -> dict[str, Any]:
    """Variables of the chat template; some read the effort itself."""
    effort = request.reasoning_effort
    given = {} if effort is None else {"reasoning_effort": effort}
    return given | (request.chat_template_kwargs or {})
