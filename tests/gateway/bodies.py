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
CALL = st.fixed_dictionaries(
    {
        "id": st.text(max_size=5),
        "function": st.fixed_dictionaries(
            {
                "name": st.text(max_size=5),
                "arguments": st.sampled_from(["{}", "{", "[]", '{"a": 1}']),
            }
        ),
    },
    optional={"type": st.just("function") | JSON},
)
SCHEMA = st.sampled_from(
    [
        {},
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
        {"type": "string", "pattern": "["},
        {"$ref": "#/nowhere"},
        {"not": {}},
        {"enum": []},
    ]
)
TOOL = st.fixed_dictionaries(
    {
        "function": st.fixed_dictionaries(
            {"name": st.sampled_from(["now", "then", "no name"]) | JSON},
            optional={
                "description": st.text(max_size=5) | JSON,
                "parameters": SCHEMA | JSON,
                "strict": st.booleans() | JSON,
            },
        )
    },
    optional={"type": st.just("function") | JSON},
)
TOOL_CHOICE = st.sampled_from(
    ["none", "auto", "required", {"type": "function", "function": {"name": "now"}}]
)
FORMAT = st.sampled_from([{"type": "text"}, {"type": "json_object"}]) | st.fixed_dictionaries(
    {
        "type": st.just("json_schema"),
        "json_schema": st.fixed_dictionaries({"name": st.text(max_size=3), "schema": SCHEMA})
        | JSON,
    }
)
MESSAGE_FIELDS: dict[str, Any] = {
    "content": st.text(max_size=10) | st.lists(PART, max_size=3) | JSON,
    "name": st.text(max_size=5) | JSON,
    "tool_call_id": st.text(max_size=5) | JSON,
    "tool_calls": st.lists(CALL, max_size=2) | JSON,
    "reasoning_content": st.text(max_size=5) | JSON,
}
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool", "king"])},
    optional=MESSAGE_FIELDS,
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
    "repetition_penalty": NUMBER | JSON,
    "typical_p": NUMBER | JSON,
    "min_tokens": NUMBER | JSON,
    "ignore_eos": st.booleans() | JSON,
    "grammar": st.sampled_from(['root ::= "a"', "root ::= root", "root ::= (", ""]) | JSON,
    "logit_bias": st.dictionaries(st.integers().map(str) | st.text(max_size=3), NUMBER, max_size=3)
    | JSON,
    "seed": NUMBER | JSON,
    "stop": st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=6) | JSON,
    "n": st.integers(0, 9) | JSON,
    "user": JSON,
}
CHAT_REQUIRED: dict[str, Any] = {
    "model": st.just(CHAT) | st.text(max_size=10) | JSON,
    "messages": st.lists(MESSAGE, max_size=4) | JSON,
}
CHAT_OPTIONAL: dict[str, Any] = OPTIONAL | {
    "max_completion_tokens": NUMBER | JSON,
    "tools": st.lists(TOOL, max_size=2) | JSON,
    "tool_choice": TOOL_CHOICE | JSON,
    "parallel_tool_calls": st.booleans() | JSON,
    "response_format": FORMAT | JSON,
    "logprobs": st.booleans() | JSON,
    "top_logprobs": NUMBER | JSON,
    "reasoning_effort": st.sampled_from(["none", "low", "high", "most"]) | JSON,
    "chat_template_kwargs": st.dictionaries(
        st.sampled_from(["enable_thinking", "messages", "tools", "bos_token"]), JSON, max_size=2
    )
    | JSON,
}
CHAT_BODY = st.fixed_dictionaries(CHAT_REQUIRED, optional=CHAT_OPTIONAL)
STEERING = st.fixed_dictionaries(
    {},
    optional={
        "tools": st.sets(st.sampled_from(["now", "then"]), min_size=1).flatmap(
            lambda names: st.tuples(
                *(
                    st.fixed_dictionaries(
                        {"name": st.just(name)},
                        optional={"parameters": SCHEMA, "strict": st.booleans()},
                    )
                    for name in sorted(names)
                )
            ).map(lambda functions: [{"function": function} for function in functions])
        ),
        "tool_choice": TOOL_CHOICE,
        "parallel_tool_calls": st.booleans(),
        "response_format": FORMAT,
        "grammar": st.sampled_from(['root ::= "a"', "root ::= root"]),
        "logprobs": st.booleans(),
        "stream": st.booleans(),
        "n": st.integers(1, 2),
        "temperature": st.sampled_from([0, 1]),
    },
)
"""What steers an answer, each value right by itself."""
PROMPT = (
    st.text(max_size=10)
    | st.lists(st.text(max_size=5), max_size=4)
    | st.lists(st.integers(), max_size=4)
    | st.lists(st.lists(st.integers(0, 99), max_size=3), max_size=3)
    | JSON
)
COMPLETION_REQUIRED: dict[str, Any] = {"model": st.just(CHAT) | JSON}
COMPLETION_OPTIONAL: dict[str, Any] = OPTIONAL | {
    "prompt": PROMPT,
    "messages": JSON,
    "echo": st.booleans() | JSON,
    "suffix": st.text(max_size=3) | JSON,
    "best_of": NUMBER | JSON,
    "logprobs": NUMBER | JSON,
}
COMPLETION_BODY = st.fixed_dictionaries(COMPLETION_REQUIRED, optional=COMPLETION_OPTIONAL)
EMBEDDING_REQUIRED: dict[str, Any] = {"model": st.just(EMBEDDING) | JSON, "input": PROMPT}
EMBEDDING_OPTIONAL: dict[str, Any] = {
    "encoding_format": st.sampled_from(["float", "base64", "int8"]) | JSON,
    "dimensions": NUMBER | JSON,
    "user": JSON,
}
EMBEDDING_BODY = st.fixed_dictionaries(EMBEDDING_REQUIRED, optional=EMBEDDING_OPTIONAL)
