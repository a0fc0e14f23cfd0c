"""Tools, JSON and log probabilities, with the official client and a real worker."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel
from tests.gateway.a_bundle import CHAT, DEPRECATED, REASONING, make_bundle
from tests.gateway.bodies import STEERING
from tests.gateway.serving import Gateway, serving

from llmaas.bundle import ReasoningFormat
from llmaas.workers import Delta, Finished, Started, Usage, Workers, plan_deployment
from llmaas.workers.protocol import FinishReason, ToolCallDelta
from llmaas.workers.stand_in import make_stand_ins

TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
QUESTION: Any = [{"role": "user", "content": "What is the weather in Paris?"}]
ASK: Any = {"model": CHAT, "messages": QUESTION, "tools": [TOOL], "temperature": 0}


CHANGES: dict[str, dict[str, Any]] = {
    CHAT: {"tool_call_format": "granite"},
    REASONING: {"reasoning": ReasoningFormat("<think>", "</think>", "on_by_default")},
    DEPRECATED: {"reasoning": ReasoningFormat("<think>", "</think>", "off_by_default")},
}


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    directory = tmp_path_factory.mktemp("tools")
    bundle = make_bundle()
    specs = tuple(
        msgspec.structs.replace(spec, **CHANGES.get(spec.pool, {})) for spec in bundle.workers
    )
    bundle = msgspec.structs.replace(bundle, workers=specs)
    deployment = plan_deployment(
        specs,
        weights_dir=directory / "weights",
        stand_ins=make_stand_ins(directory / "stand-ins"),
    )
    workers = Workers(deployment, memory_budget_bytes=4 * 2**30, machine_name="here", n_threads=1)
    with serving(directory, workers=workers, bundle=bundle, deployment=deployment) as running:
        running.run(workers.start())
        try:
            yield running
        finally:
            running.run(workers.stop())


@pytest.mark.parametrize(
    "choice", ["auto", "required", {"type": "function", "function": {"name": "get_weather"}}]
)
def test_a_model_calls_a_tool_and_goes_on_with_its_result(live: Gateway, choice: Any) -> None:
    client = live.openai()
    asked = client.chat.completions.create(**ASK, tool_choice=choice).choices[0]
    assert asked.finish_reason == "tool_calls"
    assert asked.message.content is None
    assert asked.message.tool_calls is not None
    (call,) = asked.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "get_weather"
    assert set(json.loads(call.function.arguments)) == {"city"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    told = client.chat.completions.create(
        **{**ASK, "messages": [*QUESTION, asked.message, result]}
    ).choices[0]
    assert told.finish_reason == "stop"
    assert told.message.content


def test_a_streamed_call_begins_with_its_name_and_goes_on_with_its_arguments(live: Gateway) -> None:
    chunks = list(live.openai().chat.completions.create(**ASK, stream=True))
    pieces = [piece for chunk in chunks for piece in chunk.choices[0].delta.tool_calls or ()]
    assert pieces[0].id
    assert pieces[0].function is not None
    assert pieces[0].function.name == "get_weather"
    assert len(pieces) > 2
    assert all(piece.index == 0 and piece.id is None for piece in pieces[1:])
    arguments = "".join(piece.function.arguments or "" for piece in pieces if piece.function)
    assert set(json.loads(arguments)) == {"city"}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_the_streaming_helper_assembles_the_call(live: Gateway) -> None:
    with live.openai().chat.completions.stream(**ASK) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion().choices[0]
    assert "tool_calls.function.arguments.delta" in kinds
    assert final.finish_reason == "tool_calls"
    assert final.message.tool_calls is not None
    assert final.message.tool_calls[0].function.name == "get_weather"


def test_an_answer_conforms_to_a_model_of_pydantic(live: Gateway) -> None:
    parsed = live.openai().chat.completions.parse(
        model=CHAT, messages=QUESTION, response_format=Person, temperature=0, max_tokens=200
    )
    assert isinstance(parsed.choices[0].message.parsed, Person)


def test_json_mode_gives_an_object_and_a_grammar_binds(live: Gateway) -> None:
    body = {"model": CHAT, "messages": QUESTION, "temperature": 0, "max_tokens": 60}
    bound = live.http().post("/v1/chat/completions", json={**body, "grammar": 'root ::= "yes"'})
    assert bound.json()["choices"][0]["message"]["content"] == "yes"
    free = {**body, "response_format": {"type": "json_object"}}
    answer = live.http().post("/v1/chat/completions", json=free).json()["choices"][0]
    assert answer["message"]["content"].startswith("{")


PERSON: Any = {
    "type": "json_schema",
    "json_schema": {"name": "person", "schema": Person.model_json_schema()},
}


@pytest.mark.parametrize("form", [{"response_format": PERSON}, {"grammar": "root ::= [^<]+"}])
def test_with_a_form_and_tools_an_answer_may_be_a_call(live: Gateway, form: Any) -> None:
    answer = live.http().post("/v1/chat/completions", json={**ASK, **form}).json()
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None


def test_with_a_form_and_tools_an_answer_that_is_no_call_has_the_form(live: Gateway) -> None:
    hello = {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 20}
    form = {"grammar": 'root ::= "Hello" [a-z!]*'}
    answer = live.http().post("/v1/chat/completions", json={**ASK, **hello, **form}).json()
    message = answer["choices"][0]["message"]
    assert "tool_calls" not in message
    assert re.fullmatch("Hello[a-z!]*", message["content"])


def test_a_strict_tool_that_the_model_chooses_gets_arguments_of_its_schema(live: Gateway) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Rome"]}, "days": {"type": "integer", "minimum": 3}},
        "required": ["city", "days"],
        "additionalProperties": False,
    }
    function = {**TOOL["function"], "parameters": schema, "strict": True}
    strict: Any = {**ASK, "tools": [{"type": "function", "function": function}]}
    choice = live.openai().chat.completions.create(**strict, tool_choice="auto").choices[0]
    assert choice.message.tool_calls is not None
    assert choice.message.tool_calls[0].type == "function"
    arguments = json.loads(choice.message.tool_calls[0].function.arguments)
    assert arguments["city"] == "Rome"
    assert arguments["days"] >= 3


def test_a_strict_schema_that_cannot_be_kept_is_refused(live: Gateway) -> None:
    function = {**TOOL["function"], "parameters": {"not": {}}, "strict": True}
    body = {**ASK, "tools": [{"type": "function", "function": function}]}
    answer = live.http().post("/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert "parameters of get_weather" in answer.json()["error"]["message"]


def test_every_token_comes_with_its_probability(live: Gateway) -> None:
    asked: Any = {"model": CHAT, "messages": QUESTION, "temperature": 0, "max_tokens": 6}
    client = live.openai()
    whole = client.chat.completions.create(**asked, logprobs=True, top_logprobs=2).choices[0]
    assert whole.logprobs is not None
    tokens = whole.logprobs.content
    assert tokens is not None
    assert "".join(token.token for token in tokens) == whole.message.content
    for token in tokens:
        assert token.logprob <= 0
        assert token.top_logprobs[0].token == token.token
        assert len(token.top_logprobs) == 2
    chunks = client.chat.completions.create(**asked, logprobs=True, stream=True)
    streamed = [
        token.token
        for chunk in chunks
        if chunk.choices[0].logprobs
        for token in chunk.choices[0].logprobs.content or ()
    ]
    assert streamed == [token.token for token in tokens]


def test_a_completion_tells_probabilities_in_the_older_form(live: Gateway) -> None:
    answer = live.openai().completions.create(
        model=CHAT, prompt="Hi", temperature=0, logprobs=2, max_tokens=4
    )
    told = answer.choices[0].logprobs
    assert told is not None
    assert told.tokens is not None
    assert told.text_offset is not None
    assert told.text_offset[0] == 0
    assert len(told.tokens) == len(told.token_logprobs or ()) == len(told.top_logprobs or ()) == 4


@pytest.mark.parametrize(
    ("model", "fields", "thinks"),
    [
        (REASONING, {}, True),
        (REASONING, {"reasoning_effort": "low"}, False),
        (DEPRECATED, {}, False),
        (DEPRECATED, {"reasoning_effort": "high"}, True),
        (DEPRECATED, {"extra_body": {"chat_template_kwargs": {"enable_thinking": True}}}, True),
        (DEPRECATED, {"messages": [{"role": "user", "content": "Hello /think"}]}, True),
    ],
)
def test_a_reasoning_model_thinks_by_default_or_when_asked(
    live: Gateway, model: str, fields: dict[str, Any], thinks: bool
) -> None:
    hello = {"messages": [{"role": "user", "content": "Hello"}], "temperature": 0, **fields}
    answer: Any = live.openai().chat.completions.create(model=model, **hello)
    assert ("reasoning_content" in answer.choices[0].message.model_extra) is thinks
    assert (answer.usage.completion_tokens_details.reasoning_tokens > 0) is thinks


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(STEERING)
def test_whatever_steers_an_answer_it_is_one_or_refused(live: Gateway, body: Any) -> None:
    limited = {"model": CHAT, "messages": QUESTION, "max_tokens": 4} | body
    answer = live.shared().post("/v1/chat/completions", json=limited)
    assert answer.status_code in {200, 400}, answer.text
    assert '"server_error"' not in answer.text


# With a scripted worker: what is passed on, and what is refused


def post(gateway: Gateway, **fields: Any) -> Any:
    body = {"model": CHAT, "messages": QUESTION, **fields}
    return gateway.http().post("/v1/chat/completions", json=body).json()


def test_two_calls_have_ids_of_their_own(gateway: Gateway) -> None:
    gateway.workers.script = [
        Started(0, 7),
        Delta(0, tool_calls=[ToolCallDelta(0, "a"), ToolCallDelta(0, arguments='{"x"')]),
        Delta(0, tool_calls=[ToolCallDelta(0, arguments=": 1}"), ToolCallDelta(1, "b", "{}")]),
        Finished(0, "stop", Usage(prompt_tokens=7, completion_tokens=2)),
    ]
    choice = post(gateway, tools=[TOOL])["choices"][0]
    first, second = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert first["function"] == {"name": "a", "arguments": '{"x": 1}'}
    assert second["function"] == {"name": "b", "arguments": "{}"}
    assert first["id"] != second["id"]


@pytest.mark.parametrize(
    ("arguments", "ended", "reason"),
    [
        ('{"city": "Paris"}', "stop", "tool_calls"),
        ('{"city": "Par', "length", "length"),
        ('{"city": "Par', "stop", "stop"),
        ('{"city": Paris}', "stop", "stop"),
        ('{"city": NaN}', "stop", "stop"),
        ('["Paris"]', "stop", "stop"),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_the_reason_tool_calls_promises_arguments_that_are_an_object(
    gateway: Gateway, arguments: str, ended: FinishReason, reason: str, streams: bool
) -> None:
    gateway.workers.script = [
        Started(0, 7),
        Delta(0, tool_calls=[ToolCallDelta(0, "get_weather")]),
        Delta(0, tool_calls=[ToolCallDelta(0, arguments=arguments)]),
        Finished(0, ended, Usage(prompt_tokens=7, completion_tokens=2)),
    ]
    if not streams:
        choice = post(gateway, tools=[TOOL])["choices"][0]
        assert choice["message"]["tool_calls"][0]["function"]["arguments"] == arguments
        assert choice["finish_reason"] == reason
        return
    chunks = list(gateway.openai().chat.completions.create(**ASK, stream=True))
    pieces = [piece for chunk in chunks for piece in chunk.choices[0].delta.tool_calls or ()]
    assert "".join((p.function and p.function.arguments) or "" for p in pieces) == arguments
    assert chunks[-1].choices[0].finish_reason == reason


def test_what_steers_an_answer_reaches_the_worker(gateway: Gateway) -> None:
    post(
        gateway,
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        parallel_tool_calls=False,
        reasoning_effort="minimal",
        chat_template_kwargs={"style": "brief"},
        repetition_penalty=1.5,
        min_tokens=3,
        ignore_eos=True,
        typical_p=0.5,
    )
    post(gateway, response_format={"type": "json_object"}, logprobs=True)
    forced, bound = gateway.workers.generated
    assert (forced.tool_choice.required, forced.tool_choice.function) == (True, "get_weather")
    assert forced.tool_choice.parallel is False
    assert forced.thinking is False
    assert forced.template_arguments == {"reasoning_effort": "minimal", "style": "brief"}
    assert (forced.sampling.repeat_penalty, forced.sampling.typical_p) == (1.5, 0.5)
    assert (forced.sampling.min_tokens, forced.sampling.ignore_eos) == (3, True)
    assert bound.grammar.json_schema == {"type": "object"}
    assert (bound.top_logprobs, bound.thinking) == (0, None)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [TOOL, TOOL]}, "tools[1].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "not a name"}}]},
            "tools[0].function.name",
        ),
        ({"grammar": 'root ::= "a"', "response_format": {"type": "json_object"}}, "grammar"),
    ],
)
def test_what_does_not_go_together_is_refused(
    gateway: Gateway, fields: dict[str, Any], param: str
) -> None:
    assert post(gateway, **fields)["error"]["param"] == param


NO_SCHEMA = {"type": "no such type"}
JSON: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": NO_SCHEMA}}
FUNCTION: Any = {"name": "f", "parameters": NO_SCHEMA}
STRICT: Any = FUNCTION | {"strict": True}
JSON_OBJECT: Any = {"type": "json_object"}


def offering(function: Any, **fields: Any) -> Any:
    return {"tools": [{"type": "function", "function": function}], **fields}


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"response_format": JSON}, "response_format", "no such type"),
        ({"grammar": "no rules"}, "grammar", "GBNF"),
        ({"logit_bias": {"9999999": 1}}, "logit_bias", "not in the vocabulary"),
        (offering(FUNCTION, tool_choice="required"), "tools", "no such type"),
        (offering(STRICT), "tools", "no such type"),
        (offering(STRICT, response_format=JSON_OBJECT), "tools", "no such type"),
        (offering(FUNCTION, response_format=JSON), "response_format", "no such type"),
        ({"messages": [{"role": "user", "content": "mot " * 9000}]}, "messages", "9"),
    ],
)
def test_what_only_the_worker_can_judge_is_refused_with_its_field(
    live: Gateway, fields: Any, param: str, says: str
) -> None:
    body = {"model": CHAT, "messages": QUESTION, "max_tokens": 4} | fields
    answer = live.http().post("/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param)
    assert says in error["message"]
