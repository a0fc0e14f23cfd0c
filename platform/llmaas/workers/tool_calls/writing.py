"""Calls as each family writes them: for templates that cannot, and to tell a model how."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.tool_calls import deepseek_calls as deepseek
from llmaas.workers.tool_calls.xml_calls import CLOSE, OPEN

Call = tuple[str, Any]
"""Name and arguments; what is no object stays the text it was."""


def written(  # noqa: PLR0911 - one return for each family
    calls: Sequence[Call], format_: ToolCallFormat | None
) -> str:
    """All calls of one answer."""
    match format_:
        case "hermes":
            return "\n".join(f"{OPEN}\n{_json(call)}\n{CLOSE}" for call in calls)
        case "qwen3_coder":
            return "\n".join(f"{OPEN}\n{_tags(call)}\n{CLOSE}" for call in calls)
        case "mistral":
            return f"[TOOL_CALLS][{', '.join(_json(call) for call in calls)}]"
        case "mistral_args":
            return "".join(f"[TOOL_CALLS]{name}[ARGS]{_text(given)}" for name, given in calls)
        case "granite":
            return f"<|tool_call|>[{', '.join(_json(call) for call in calls)}]"
        case "deepseek":
            return deepseek.CALLS + "\n".join(map(_block, calls)) + deepseek.CALLS_END
        case "llama3_json":
            return "; ".join(_json(call, key="parameters") for call in calls)
        case _:
            return "\n".join(_json(call) for call in calls)


def example(format_: ToolCallFormat | None) -> str:
    """What a call looks like, told to a model whose template does not tell."""
    return written([("<name>", {"<argument>": "<value>"})], format_)


def _json(call: Call, key: str = "arguments") -> str:
    return f'{{"name": {json.dumps(call[0])}, "{key}": {_text(call[1])}}}'


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tags(call: Call) -> str:
    name, given = call
    values = given.items() if isinstance(given, Mapping) else ()
    parameters = [f"<parameter={key}>\n{_text(value)}\n</parameter>" for key, value in values]
    return "\n".join([f"<function={name}>", *parameters, "</function>"])


def _block(call: Call) -> str:
    head = f"{deepseek.CALL}function{deepseek.SEPARATOR}{call[0]}"
    return f"{head}\n```json\n{_text(call[1])}\n```{deepseek.CALL_END}"
