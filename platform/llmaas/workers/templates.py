"""Chat messages to prompt text, with the template a model carries in its weights."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.tool_calls import for_template, without_tool_roles


class TemplateError(Exception):
    """The template refuses these messages, in its own words."""


class UnsupportedContentError(Exception):
    """A content part this worker has no use for."""


class GenerationBlock(Extension):
    """`{% generation %}` marks the assistant's part for training; a prompt just has its body."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Keep the block's body."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class ChatTemplate:
    """A compiled chat template.

    The sandbox keeps templates, which come from a model hub, from reaching Python.

    Raises:
        TemplateError: it is no valid template.
    """

    def __init__(self, source: str, *, bos_token: str, eos_token: str) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[loopcontrols, GenerationBlock],
        )
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = _strftime_now
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise TemplateError(f"the model's chat template is invalid: {error}") from error
        self._knows_tools = "tools" in source
        self._special = {"bos_token": bos_token, "eos_token": eos_token}

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None,
        arguments: Mapping[str, Any],
        thinking: bool | None = None,
        tool_call_format: ToolCallFormat | None = None,
    ) -> str:
        """The prompt, up to where the assistant's answer begins.

        Whether the model thinks is said, the strongest first: in `arguments`, by a word in the last
        user message, by `thinking`. `None` leaves it to the template.

        Raises:
            TemplateError: the template raises, or cannot take these values.
            UnsupportedContentError: a message holds something other than text.
        """
        variables = {
            **self._special,
            **_switches(thinking),
            **_switches(_soft_switch(messages)),
            **arguments,
            "tools": list(tools) if tools else None,
            "add_generation_prompt": True,
        }
        flat = [flatten(message) for message in messages]
        if tool_call_format == "deepseek" or not self._knows_tools:
            offered = None if self._knows_tools else tools
            flat = without_tool_roles(flat, offered, tool_call_format)
        as_objects = for_template(flat, tool_call_format)
        try:
            return self._template.render({**variables, "messages": as_objects})
        # A template runs on values a client chose: whatever it trips over, the request is refused.
        except Exception as error:
            as_text = for_template(flat, tool_call_format, arguments_as_text=True)
            if as_text != as_objects:  # some templates join the arguments to other text
                with suppress(Exception):
                    return self._template.render({**variables, "messages": as_text})
            raise TemplateError(
                f"the model's chat template refuses the messages: {error}"
            ) from error


def flatten(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message whose content is one text.

    Raises:
        UnsupportedContentError: a part is not text.
    """
    content = message.get("content")
    if content is None:
        content = ""
    elif not isinstance(content, str):
        content = "".join(_part_text(part) for part in content)
    return {**message, "content": content}


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
    if isinstance(part, Mapping) and kind in {"text", "input_text", "refusal"}:
        return str(part.get("text") or part.get("refusal") or "")
    raise UnsupportedContentError(
        f"content part of type {kind!r}: this model is served with text only"
    )


def _without_images(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [p for p in content if isinstance(p, str) or "image" not in p]}


def _switches(thinking: bool | None) -> dict[str, bool]:
    """What the families call it; a template reads its own word only."""
    return {} if thinking is None else {"enable_thinking": thinking, "thinking": thinking}


def _soft_switch(messages: Sequence[Mapping[str, Any]]) -> bool | None:
    """`/think` or `/nothink` at either end of the last user message."""
    last = next((m for m in reversed(messages) if m.get("role") == "user"), None)
    words = str(flatten(_without_images(last))["content"]).split() if last is not None else []
    for word in [*words[-1:], *words[:1]]:
        if word in {"/think", "/nothink", "/no_think"}:
            return word == "/think"
    return None


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as models were trained on: no HTML escapes, unlike jinja2's own filter."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now(UTC).strftime(pattern)
