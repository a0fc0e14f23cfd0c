"""Tools and earlier calls in the form a chat template takes them."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.tool_calls import deepseek_calls as deepseek
from llmaas.workers.tool_calls.writing import example, written

_END_OF_SENTENCE = "<｜end▁of▁sentence｜>"
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
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None,
    format_: ToolCallFormat | None,
) -> list[dict[str, Any]]:
    """The same in words, for a template that knows neither tools nor their results."""
    told = _with_markers(messages) if format_ == "deepseek" else _in_words(messages, format_)
    if tools:
        _offer(told, _offered(tools, format_))
    return told


def _in_words(
    messages: Sequence[Mapping[str, Any]], format_: ToolCallFormat | None
) -> list[dict[str, Any]]:
    names: dict[str, str] = {}
    told = []
    for message in messages:
        if message.get("tool_calls"):
            for call in message["tool_calls"]:
                names[call.get("id", "")] = call["function"]["name"]
            told.append({"role": "assistant", "content": _said(message, format_, "\n")})
        elif message.get("role") == "tool":
            name = names.get(message.get("tool_call_id", ""), "the function")
            text = f"Result of {name}:\n{message.get('content') or ''}"
            told.append({"role": "user", "content": text})
        else:
            told.append(dict(message))
    return told


def _with_markers(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Calls and their results as the text of one answer, with DeepSeek's markers.

    The published templates write them themselves, but leave calls open, and no answer may begin
    behind a result; so they are given nothing but text.
    """
    told: list[dict[str, Any]] = []
    results: list[str] = []

    def close() -> None:
        if not results:
            return
        text = deepseek.RESULTS + "\n".join(results) + deepseek.RESULTS_END
        results.clear()
        if told and told[-1]["role"] == "assistant":
            told[-1]["content"] += f"{_END_OF_SENTENCE}{text}"
        else:
            told.append({"role": "assistant", "content": text})

    for message in messages:
        if message.get("role") == "tool":
            results.append(f"{deepseek.RESULT}{message.get('content') or ''}{deepseek.RESULT_END}")
            continue
        close()
        if message.get("tool_calls"):
            told.append({"role": "assistant", "content": _said(message, "deepseek", "")})
        else:
            told.append(dict(message))
    close()
    return told


def _said(message: Mapping[str, Any], format_: ToolCallFormat | None, joint: str) -> str:
    """An answer with calls, as the model wrote it."""
    functions = [call["function"] for call in message["tool_calls"]]
    calls = [(function["name"], _object(function.get("arguments"))) for function in functions]
    content = message.get("content") or ""
    return f"{content}{joint if content else ''}{written(calls, format_)}"


def _offer(messages: list[dict[str, Any]], text: str) -> None:
    first = messages[0] if messages else None
    if first is not None and first.get("role") in {"system", "user"}:
        messages[0] = {**first, "content": f"{text}\n\n{first.get('content') or ''}"}
    else:
        messages.insert(0, {"role": "system", "content": text})


def _offered(tools: Sequence[Mapping[str, Any]], format_: ToolCallFormat | None) -> str:
    lines = "\n".join(json.dumps(tool.get("function", tool), ensure_ascii=False) for tool in tools)
    return (
        f"You may call these functions:\n{lines}\n"
        f"To call one, answer with nothing but this, its name and arguments filled in:\n"
        f"{example(format_)}\n"
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
