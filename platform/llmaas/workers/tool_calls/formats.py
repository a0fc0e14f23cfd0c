"""The families of the catalogue, each with the way it writes its calls."""

from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.tool_calls import deepseek_calls as deepseek
from llmaas.workers.tool_calls.deepseek_calls import DeepSeekCalls
from llmaas.workers.tool_calls.json_calls import JsonCalls, JsonSyntax
from llmaas.workers.tool_calls.reading import CallReader
from llmaas.workers.tool_calls.xml_calls import CLOSE, OPEN, XmlCalls

SYNTAXES: dict[ToolCallFormat, JsonSyntax] = {
    "hermes": JsonSyntax((OPEN,), CLOSE),
    "llama3_json": JsonSyntax(("<|python_tag|>",), "<|eom_id|>", bare=True),
    "mistral": JsonSyntax(("[TOOL_CALLS]",), lists=True, named=True),
    "mistral_args": JsonSyntax(("[TOOL_CALLS]",), lists=True, named=True),
    # Newer models of the family write as Hermes does.
    "granite": JsonSyntax(("<|tool_call|>", OPEN), CLOSE, lists=True),
    "generic_json": JsonSyntax(("```json",), "```", bare=True),
}


def call_reader(
    format_: ToolCallFormat, tools: Sequence[Mapping[str, Any]], *, parallel: bool
) -> CallReader:
    """A reader for one answer of a model that was offered `tools` (as in the OpenAI API)."""
    functions = [tool.get("function", {}) for tool in tools]
    if format_ == "qwen3_coder":
        return XmlCalls(
            {f["name"]: f.get("parameters") or {} for f in functions}, parallel=parallel
        )
    if format_ == "deepseek":
        return DeepSeekCalls(parallel=parallel)
    names = frozenset(function["name"] for function in functions)
    return JsonCalls(SYNTAXES[format_], names=names, parallel=parallel)


def visible_markers(format_: ToolCallFormat | None) -> tuple[str, ...]:
    """Texts that are control tokens in some vocabularies and have to be seen all the same."""
    if format_ is None:
        return ()
    if format_ == "qwen3_coder":
        return (OPEN, CLOSE)
    if format_ == "deepseek":
        markers = (deepseek.CALLS, deepseek.CALLS_END, deepseek.CALL, deepseek.CALL_END)
        return (*markers, deepseek.SEPARATOR)
    syntax = SYNTAXES[format_]
    named = ("[ARGS]", "[CALL_ID]") if syntax.named else ()
    return tuple(marker for marker in (*syntax.openings, syntax.closing, *named) if marker)
