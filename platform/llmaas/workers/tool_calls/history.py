"""Tools and earlier calls in the form a chat template takes them."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.bundle.tables import ToolCallFormat

_SHORT_ID = re.compile(r"[A-Za-z0-9]{9}")


def for_template(
    messages: Sequence[Mapping[str, Any]],
    format_: ToolCallFormat | None,
    *,
    arguments_as_text: bool = False,
) -> list[dict[str, Any]]:
    """The messages with what a template does with calls.

    Most templates write arguments with a JSON filter and want an object; some join strings. The
    templates of Mistral take ids of nine letters and digits only.
    """
    short_ids = format_ in {"mistral", "mistral_args"}
    written = []
    for message in messages:
        copy = dict(message)
        if message.get("tool_calls"):
            copy["tool_calls"] = [
                _call(call, arguments_as_text, short_ids) for call in message["tool_calls"]
            ]
        if short_ids and isinstance(message.get("tool_call_id"), str):
            copy["tool_call_id"] = short_id(message["tool_call_id"])
        written.append(copy)
    return written


def short_id(id_: str) -> str:
    """Nine letters and digits that stand for an id."""
    if _SHORT_ID.fullmatch(id_):
        return id_
    return hashlib.sha256(id_.encode("utf-8", "replace")).hexdigest()[:9]


def without_tool_roles(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    """The same in words, for a template that knows neither tools nor their results."""
    names: dict[str, str] = {}
    told = []
    for message in messages:
        if message.get("tool_calls"):
            said = [message.get("content") or ""]
            for call in message["tool_calls"]:
                function = call["function"]
                names[call.get("id", "")] = function["name"]
                shown = {"name": function["name"], "arguments": _object(function["arguments"])}
                said.append(json.dumps(shown, ensure_ascii=False))
            told.append({"role": "assistant", "content": "\n".join(part for part in said if part)})
        elif message.get("role") == "tool":
            name = names.get(message.get("tool_call_id", ""), "the function")
            text = f"Result of {name}:\n{message.get('content') or ''}"
            told.append({"role": "user", "content": text})
        else:
            told.append(dict(message))
    if tools:
        _offer(told, _offered(tools))
    return told


def _offer(messages: list[dict[str, Any]], text: str) -> None:
    first = messages[0] if messages else None
    if first is not None and first.get("role") in {"system", "user"}:
        messages[0] = {**first, "content": f"{text}\n\n{first.get('content') or ''}"}
    else:
        messages.insert(0, {"role": "system", "content": text})


def _offered(tools: Sequence[Mapping[str, Any]]) -> str:
    lines = "\n".join(json.dumps(tool.get("function", tool), ensure_ascii=False) for tool in tools)
    return (
        f"You may call these functions:\n{lines}\n"
        'To call one, answer with nothing but {"name": <name>, "arguments": <object>}. '
        "Otherwise answer in plain text."
    )


def _call(call: Mapping[str, Any], arguments_as_text: bool, short_ids: bool) -> dict[str, Any]:
    function = dict(call["function"])
    if not arguments_as_text:
        function["arguments"] = _object(function.get("arguments"))
    copy = {**call, "function": function}
    if short_ids and isinstance(call.get("id"), str):
        copy["id"] = short_id(call["id"])
    return copy


def _object(arguments: Any) -> Any:
    """Arguments as an object; text that is none stays as the model wrote it."""
    if not isinstance(arguments, str):
        return arguments
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments
    return value if isinstance(value, dict) else arguments
