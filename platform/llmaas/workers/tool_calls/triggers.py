"""Where a call has certainly begun in a text; from there on it is bound."""

import json
import re
from collections.abc import Sequence

from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.tool_calls import deepseek_calls as deepseek


def trigger(  # noqa: PLR0911 - one return for each family
    format_: ToolCallFormat, names: Sequence[str]
) -> str:
    """Where a call has certainly begun: a regular expression, whose group is bound."""
    either = "|".join(re.escape(json.dumps(name)) for name in names)
    head = rf'\{{\s*"name"\s*:\s*(?:{either})\s*,\s*"{{key}}"\s*:'
    match format_:
        case "hermes":
            return r"(<tool_call>\s*\{)"
        case "llama3_json":
            return (
                r"(?:^\s*|(?=<\|python_tag\|>))((?:<\|python_tag\|>\s*)?"
                + head.replace("{key}", "parameters")
                + ")"
            )
        case "mistral" | "mistral_args":
            return r"(\[TOOL_CALLS\]\s*(?:\[\s*\{|[\w.\-]))"
        case "granite":
            return r"((?:<\|tool_call\|>|<tool_call>)\s*(?:\[\s*)?\{)"
        case "qwen3_coder":
            return r"((?:<tool_call>\s*)?<function=)"
        case "deepseek":
            return f"((?:{deepseek.CALLS}\\s*)?{deepseek.CALL})"
        case _:
            return (
                r"(?:^\s*|(?=```json))((?:```json\s*)?" + head.replace("{key}", "arguments") + ")"
            )
