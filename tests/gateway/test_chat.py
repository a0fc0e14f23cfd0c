from typing import Any

import httpx
import msgspec
import openai
import pytest
from tests.gateway.a_bundle import ALIAS, CHAT, DEPRECATED, EMBEDDING, REASONING
from tests.gateway.scripted_workers import answering
from tests.gateway.serving import NOW, Gateway

from llmaas.gateway.wire import ChatRequest
from llmaas.workers import Delta, Failed, Finished, Sampling, Started, Usage, WorkerUnavailable

QUESTION: Any = [{"role": "user", "content": "Say hello."}]


def post(gateway: Gateway, **body: Any) -> httpx.Response:
    path = "/v1/chat/completions"
    return gateway.http().post(path, json={"model": CHAT, "messages": QUESTION} | body)


def refusal(gateway: Gateway, **body: Any) -> Any:
    answer = post(gateway, **body)
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


def test_a_chat_answer_has_the_documented_fields(gateway: Gateway) -> None:
    answer = post(gateway).json()
    assert answer.pop("id").startswith("chatcmpl-")
    assert answer == {
        "object": "chat.completion",
        "created": int(NOW),
        "model": CHAT,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello world"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 2,
            "total_tokens": 9,
            "reasoning_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 2, "image_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "backend": {"engine_type": "scripted", "machine_name": "ma07"},
    }


def test_the_official_client_reads_an_answer(gateway: Gateway) -> None:
    answer = gateway.openai().chat.completions.create(model=CHAT, messages=QUESTION)
    assert answer.choices[0].message.content == "Hello world"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 9


def test_an_alias_is_answered_with_the_id_that_was_served(gateway: Gateway) -> None:
    assert post(gateway, model=ALIAS).json()["model"] == CHAT


def test_thoughts_come_beside_the_content(gateway: Gateway) -> None:
    gateway.workers.script = answering("Four.", reasoning="2 + 2")
    answer = post(gateway, model=REASONING)
    message = answer.json()["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "Four.", "reasoning_content": "2 + 2"}
    usage = answer.json()["usage"]
    assert usage["reasoning_tokens"] == 1
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 1}
    assert usage["completion_tokens"] == 2
    assert answer.headers["x-llmaas-stand-in"] == "true"


def test_defaults_are_those_that_are_documented(gateway: Gateway) -> None:
    post(gateway)
    (request,) = gateway.workers.generated
    assert request.messages == QUESTION
    assert request.max_tokens == 1024
    assert request.stop == []
    assert request.tools is None
    assert request.sampling.temperature == 0.7
    assert request.sampling.top_p == 1.0
    assert request.sampling.seed is None


def test_the_documented_defaults_are_those_of_the_worker() -> None:
    documented = {field.name: field.default for field in msgspec.structs.fields(ChatRequest)}
    for field in msgspec.structs.fields(Sampling):
        if field.name != "logit_bias":
            assert documented[field.name] == field.default


def test_every_sampling_value_reaches_the_worker(gateway: Gateway) -> None:
    post(
        gateway,
        temperature=0,
        top_p=0.5,
        top_k=40,
        min_p=0.05,
        presence_penalty=-2,
        frequency_penalty=2,
        repeat_penalty=1.1,
        logit_bias={"42": -100},
        seed=-1,
        stop=["a", "", "b"],
        max_tokens=5,
        max_completion_tokens=6,
        chat_template_kwargs={"thinking": True},
    )
    (request,) = gateway.workers.generated
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.0, 0.5, 40)
    assert (sampling.min_p, sampling.repeat_penalty) == (0.05, 1.1)
    assert (sampling.presence_penalty, sampling.frequency_penalty) == (-2.0, 2.0)
    assert sampling.logit_bias == {42: -100.0}
    assert sampling.seed == 2**32 - 1
    assert request.stop == ["a", "b"]
    assert request.max_tokens == 6
    assert request.template_arguments == {"thinking": True}


def test_null_takes_the_default_everywhere(gateway: Gateway) -> None:
    optional = ["stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature"]
    optional += ["top_p", "presence_penalty", "frequency_penalty", "logit_bias", "seed", "stop"]
    optional += ["n", "user", "tools", "tool_choice", "response_format", "logprobs"]
    assert post(gateway, **dict.fromkeys(optional)).status_code == 200


def test_unknown_fields_are_accepted(gateway: Gateway) -> None:
    body = {"store": True, "metadata": {"a": 1}, "reasoning_effort": "low", "x": [None]}
    assert post(gateway, **body).status_code == 200


def test_messages_reach_the_template_as_they_were_meant(gateway: Gateway) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "clock", "arguments": "{}"},
    }
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Time?"}], "name": "ada"},
        {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None},
        {"role": "tool", "content": "noon", "tool_call_id": "call_1"},
    ]
    assert post(gateway, messages=messages).status_code == 200
    assert gateway.workers.generated[0].messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Time?"}], "name": "ada"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "content": "noon", "tool_call_id": "call_1"},
    ]


def test_tools_are_shown_to_a_model_that_has_them(gateway: Gateway) -> None:
    tool = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}
    assert post(gateway, tools=[tool]).status_code == 200
    assert post(gateway, tools=[tool], tool_choice="none").status_code == 200
    shown, hidden = gateway.workers.generated
    assert shown.tools[0]["function"]["name"] == "clock"
    assert hidden.tools is None
    error = refusal(gateway, tools=[tool], model=REASONING)
    assert error["param"] == "tools"
    assert "cannot call tools" in error["message"]


def test_n_answers_count_the_prompt_once(gateway: Gateway) -> None:
    answer = post(gateway, n=3, seed=5).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert answer["usage"]["prompt_tokens"] == 7
    assert answer["usage"]["completion_tokens"] == 6
    assert [request.sampling.seed for request in gateway.workers.generated] == [5, 6, 7]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("temperature", 2.5, "<= 2.0"),
        ("temperature", -0.1, ">= 0.0"),
        ("temperature", "hot", "got `str`"),
        ("top_p", 1.01, "<= 1.0"),
        ("presence_penalty", 3, "<= 2.0"),
        ("frequency_penalty", -3, ">= -2.0"),
        ("max_tokens", 0, ">= 1"),
        ("max_completion_tokens", 0, ">= 1"),
        ("max_tokens", 1.5, "got `float`"),
        ("n", 0, ">= 1"),
        ("n", 9, "<= 8"),
        ("stop", ["a", "b", "c", "d", "e"], "<= 4"),
        ("stop", 7, "got `int`"),
        ("stream", "yes", "got `str`"),
        ("seed", 2**70, ""),
        ("logit_bias", {"42": 101}, "<= 100.0"),
        ("logit_bias", {"x": 1}, ""),
        ("messages", [], "length >= 1"),
        ("messages", "hello", "got `str`"),
        ("model", 7, "got `int`"),
        ("model", "", "length >= 1"),
        ("tools", {}, "got `object`"),
        ("response_format", "json", "got `str`"),
        ("logprobs", 1, "got `int`"),
        ("top_logprobs", 2, "needs 'logprobs'"),
        ("tool_choice", "required", "there are no tools"),
        ("tool_choice", {"type": "function", "function": {"name": "x"}}, "No tool is called 'x'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(
    gateway: Gateway, field: str, value: Any, says: str
) -> None:
    error = refusal(gateway, **{field: value})
    assert error["type"] == "invalid_request_error"
    assert error["param"] == field
    assert says in error["message"]


@pytest.mark.parametrize(
    ("messages", "param", "says"),
    [
        ([{"role": "king", "content": "x"}], "messages[0].role", "king"),
        ([{"content": "x"}], "messages[0].role", "required"),
        ([{"role": "user"}], "messages[0].content", "required"),
        ([{"role": "user", "content": None}], "messages[0].content", "got `null`"),
        ([{"role": "user", "content": []}], "messages[0].content", "length >= 1"),
        (
            [{"role": "user", "content": [{"type": "video"}]}],
            "messages[0].content[0].type",
            "video",
        ),
        ([{"role": "assistant"}], "messages[0].content", "called no tool"),
        ([{"role": "tool", "content": "x"}], "messages[0].tool_call_id", "required"),
    ],
)
def test_a_wrong_message_is_refused_with_its_place(
    gateway: Gateway, messages: Any, param: str, says: str
) -> None:
    error = refusal(gateway, messages=messages)
    assert error["param"] == param
    assert says in error["message"]


def test_a_missing_field_is_named(gateway: Gateway) -> None:
    client = gateway.http()
    error = client.post("/v1/chat/completions", json={"model": CHAT}).json()["error"]
    assert error["param"] == "messages"
    assert error["message"] == "The field 'messages' is required."


def test_an_embedding_model_does_not_chat(gateway: Gateway) -> None:
    error = refusal(gateway, model=EMBEDDING)
    assert error["code"] == "unsupported_endpoint"
    assert "It answers at /v1/embeddings." in error["message"]


def test_a_prompt_beyond_the_context_is_refused_with_both_numbers(gateway: Gateway) -> None:
    gateway.workers.script = [
        Failed(0, "context_length_exceeded", "too long", prompt_tokens=9000, n_ctx=512)
    ]
    error = refusal(gateway, model=DEPRECATED)
    assert error["code"] == "context_length_exceeded"
    assert error["param"] == "messages"
    assert "9000 tokens" in error["message"]
    assert "512 tokens" in error["message"]
    # LiteLLM and agents that shorten a conversation by themselves look for these words.
    assert "this model's maximum context length is" in error["message"].lower()
    for stream in (False, True):
        answer = post(gateway, model=DEPRECATED, stream=stream)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["deprecation"].startswith("@")


@pytest.mark.parametrize(
    ("failure", "status", "kind", "code"),
    [
        ("invalid_request", 400, "invalid_request_error", None),
        ("overloaded", 503, "service_unavailable_error", "overloaded"),
        ("internal_error", 500, "server_error", "internal_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_byte_has_a_status(
    gateway: Gateway, failure: Any, status: int, kind: str, code: str | None, *, stream: bool
) -> None:
    gateway.workers.script = [Failed(0, failure, "the reason")]
    answer = post(gateway, stream=stream)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (status, kind, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert ("the reason" in error["message"]) == (status != 500)
    assert gateway.workers.leases == 0


def test_a_worker_that_cannot_start_is_a_503_with_a_time_to_come_back(gateway: Gateway) -> None:
    gateway.workers.unavailable = WorkerUnavailable("granite3.3:8b: no memory", 17)
    answer = post(gateway)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "17"
    assert answer.json()["error"]["type"] == "service_unavailable_error"
    assert "no memory" in answer.json()["error"]["message"]
    with pytest.raises(openai.InternalServerError):
        gateway.openai().chat.completions.create(model=CHAT, messages=QUESTION)


def test_the_official_client_does_not_repeat_a_call_to_a_model_that_never_fits(
    gateway: Gateway,
) -> None:
    gateway.workers.unavailable = WorkerUnavailable("granite3.3:8b needs 40 GiB", None)
    with pytest.raises(openai.InternalServerError) as refused:
        gateway.openai().with_options(max_retries=5).chat.completions.create(
            model=CHAT, messages=QUESTION
        )
    headers = refused.value.response.headers
    assert headers["x-should-retry"] == "false"
    assert "retry-after" not in headers


def test_an_answer_that_a_stopping_worker_cut_is_no_answer(gateway: Gateway) -> None:
    usage = Usage(prompt_tokens=7, completion_tokens=1)
    gateway.workers.script = [
        Started(0, 7),
        Delta(0, content="Hel"),
        Finished(0, "cancelled", usage),
    ]
    assert post(gateway).status_code == 503


def test_a_bug_is_a_500_without_a_traceback(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.workers.script = [ZeroDivisionError("secret detail")]
    answer = post(gateway)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "secret detail" in caplog.text


def test_a_scope_refuses_other_models(gateway: Gateway) -> None:
    _, token = gateway.create_key(models=frozenset({REASONING}))
    body = {"model": ALIAS, "messages": QUESTION}
    answer = gateway.http(token).post("/v1/chat/completions", json=body)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "model_not_permitted"
