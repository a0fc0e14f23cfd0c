"""Request bodies of every kind: right, nearly right and absurd."""

from typing import Any

from hypothesis import strategies as st
from tests.gateway.a_bundle import CHAT, EMBEDDING

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
PART = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["text", "image_url", "image", "audio"]),
        "text": st.text(max_size=5) | JSON,
        "image_url": st.fixed_dictionaries({"url": st.text(max_size=5)}) | JSON,
        "image": st.text(max_size=5),
    },
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool", "king"])},
    optional={
        "content": st.text(max_size=10) | st.lists(PART, max_size=3) | JSON,
        "name": st.text(max_size=5) | JSON,
        "tool_call_id": st.text(max_size=5) | JSON,
        "tool_calls": JSON,
        "reasoning_content": JSON,
    },
)
NUMBER = st.integers(-3, 10) | st.floats(-3, 3) | st.integers()
OPTIONAL: dict[str, Any] = {
    "stream": st.booleans() | JSON,
    "stream_options": st.fixed_dictionaries({"include_usage": st.booleans()}) | JSON,
    "temperature": NUMBER | JSON,
    "top_p": NUMBER | JSON,
    "top_k": NUMBER | JSON,
    "min_p": NUMBER,
    "max_tokens": NUMBER | JSON,
    "presence_penalty": NUMBER,
    "frequency_penalty": NUMBER,
    "repeat_penalty": NUMBER,
    "logit_bias": st.dictionaries(st.integers().map(str) | st.text(max_size=3), NUMBER, max_size=3)
    | JSON,
    "seed": NUMBER | JSON,
    "stop": st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=6) | JSON,
    "n": st.integers(0, 9) | JSON,
    "user": JSON,
}
CHAT_BODY = st.fixed_dictionaries(
    {
        "model": st.just(CHAT) | st.text(max_size=10) | JSON,
        "messages": st.lists(MESSAGE, max_size=4) | JSON,
    },
    optional=OPTIONAL
    | {
        "max_completion_tokens": NUMBER | JSON,
        "tools": JSON,
        "tool_choice": JSON | st.sampled_from(["none", "auto", "required"]),
        "response_format": JSON,
        "logprobs": JSON,
        "chat_template_kwargs": JSON,
    },
)
PROMPT = (
    st.text(max_size=10)
    | st.lists(st.text(max_size=5), max_size=4)
    | st.lists(st.integers(), max_size=4)
    | st.lists(st.lists(st.integers(0, 99), max_size=3), max_size=3)
    | JSON
)
COMPLETION_BODY = st.fixed_dictionaries(
    {"model": st.just(CHAT) | JSON},
    optional=OPTIONAL
    | {"prompt": PROMPT, "messages": JSON, "echo": JSON, "best_of": JSON, "logprobs": JSON},
)
EMBEDDING_BODY = st.fixed_dictionaries(
    {"model": st.just(EMBEDDING) | JSON, "input": PROMPT},
    optional={"encoding_format": JSON, "dimensions": NUMBER | JSON},
)
