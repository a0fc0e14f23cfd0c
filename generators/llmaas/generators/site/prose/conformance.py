"""What of the OpenAI API this software answers, refuses or does not have yet.

One statement per feature: the compatibility page lists them, other pages show the paragraph that is
true. The tests of the documentation ask a running service about each, so a feature that arrives
fails them until its statement is changed here.
"""

from collections.abc import Mapping
from typing import Literal

Status = Literal["served", "refused", "absent"]
"""`refused`: an error says so. `absent`: there is no such operation or effect yet."""

CONFORMANCE: Mapping[str, Status] = {
    "chat": "served",
    "streaming": "served",
    "stream_usage": "served",
    "completions": "served",
    "embeddings": "served",
    "embeddings_tokens": "served",
    "models": "served",
    "seed": "served",
    "several_choices": "served",
    "reasoning": "served",
    "tool_definitions": "served",
    "tool_calls": "served",
    "tool_choice": "served",
    "json_mode": "served",
    "json_schema": "served",
    "logprobs": "served",
    "vision": "served",
    "transcriptions": "served",
    "word_times": "served",
    "subtitles": "served",
    "transcription_stream": "refused",
    "quotas": "served",
    "prompt_security": "served",
}

STATUS_TEXTS: Mapping[Status, str] = {
    "served": "servi",
    "refused": "refusé par une erreur explicite",
    "absent": "pas encore servi",
}
"""French texts to translate."""
