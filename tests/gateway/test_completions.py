import json
from typing import Any

import pytest
from tests.gateway.a_bundle import CHAT, EMBEDDING, REASONING
from tests.gateway.scripted_workers import answering
from tests.gateway.serving import NOW, Gateway

PATH = "/v1/completions"


def ask(gateway: Gateway, **fields: Any) -> Any:
    return gateway.http().post(PATH, json={"model": CHAT, "prompt": "Once"} | fields).json()


def test_a_completion_has_the_documented_fields(gateway: Gateway) -> None:
    answer = ask(gateway)
    assert answer.pop("id").startswith("cmpl-")
    assert answer.pop("usage")["total_tokens"] == 9
    assert answer == {
        "object": "text_completion",
        "created": int(NOW),
        "model": CHAT,
        "choices": [{"index": 0, "text": "Hello world", "logprobs": None, "finish_reason": "stop"}],
        "backend": {"engine_type": "scripted", "machine_name": "ma07"},
    }
    (request,) = gateway.workers.generated
    assert (request.prompt, request.messages, request.max_tokens) == ("Once", None, 1024)


def test_thoughts_of_a_completion_are_beside_its_text(gateway: Gateway) -> None:
    gateway.workers.script = answering("Four.", reasoning="2 + 2")
    (choice,) = ask(gateway, model=REASONING)["choices"]
    assert (choice["text"], choice["reasoning_content"]) == ("Four.", "2 + 2")


@pytest.mark.parametrize(
    ("prompt", "texts", "tokens"),
    [
        ("a", ["a"], [None]),
        (["a", "b"], ["a", "b"], [None, None]),
        ([1, 2], [None], [[1, 2]]),
        ([[1, 2], [3]], [None, None], [[1, 2], [3]]),
    ],
)
def test_a_prompt_may_be_text_texts_or_tokens(
    gateway: Gateway, prompt: Any, texts: Any, tokens: Any
) -> None:
    answer = ask(gateway, prompt=prompt)
    assert len(answer["choices"]) == len(texts)
    assert [request.prompt for request in gateway.workers.generated] == texts
    assert [request.prompt_tokens for request in gateway.workers.generated] == tokens


def test_two_prompts_with_two_answers_each_are_four_choices_in_order(gateway: Gateway) -> None:
    answer = ask(gateway, prompt=["a", "b"], n=2)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    assert [request.prompt for request in gateway.workers.generated] == ["a", "a", "b", "b"]
    assert answer["usage"]["prompt_tokens"] == 14
    assert answer["usage"]["completion_tokens"] == 8


def test_more_choices_than_run_together_all_come_to_their_end(gateway: Gateway) -> None:
    answer = ask(gateway, prompt=[str(number) for number in range(20)])
    assert len(answer["choices"]) == 20
    assert all(choice["text"] == "Hello world" for choice in answer["choices"])


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"prompt": []}, "prompt", "empty"),
        ({"prompt": ["a", 1]}, "prompt[1]", "text"),
        ({"prompt": [1, "a"]}, "prompt[1]", "token id"),
        ({"prompt": [[1], "a"]}, "prompt[1]", "list of token ids"),
        ({"prompt": [[1], []]}, "prompt[1]", "list of token ids"),
        ({"prompt": [-1]}, "prompt[0]", "token ids"),
        ({"prompt": [True]}, "prompt[0]", "token ids"),
        ({"prompt": [2**40]}, "prompt[0]", "token ids"),
        ({"prompt": [{}]}, "prompt[0]", "token ids"),
        ({"prompt": ["a"] * 65}, "prompt", "64 is the most"),
        ({"prompt": 5}, "prompt", "got `int`"),
        ({"prompt": None}, "prompt", "got `null`"),
        ({"echo": True}, "echo", "not repeated"),
        ({"suffix": "end"}, "suffix", "suffix"),
        ({"best_of": 2}, "best_of", "n"),
        ({"best_of": 3, "n": 2}, "best_of", "n"),
        ({"best_of": 0}, "best_of", ">= 1"),
        ({"logprobs": 21}, "logprobs", "<= 20"),
        ({"messages": [{"role": "user", "content": "x"}]}, "prompt", "not both"),
        ({"model": EMBEDDING}, "model", "/v1/embeddings"),
    ],
)
def test_a_wrong_value_of_a_completion_is_refused_with_its_field(
    gateway: Gateway, fields: Any, param: str, says: str
) -> None:
    error = ask(gateway, **fields)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert says in error["message"]


def test_as_many_attempts_as_answers_are_the_answers(gateway: Gateway) -> None:
    assert len(ask(gateway, prompt="x", n=2, best_of=2)["choices"]) == 2


def test_messages_in_place_of_a_prompt_get_the_answer_of_a_chat(gateway: Gateway) -> None:
    body = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}]}
    answer = gateway.http().post(PATH, json=body).json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"] == "Hello world"
    streamed = gateway.http().post(PATH, json=body | {"stream": True})
    assert '"chat.completion.chunk"' in streamed.text
    body["messages"] = [{"role": "king", "content": "x"}]
    refused = gateway.http().post(PATH, json=body).json()["error"]
    assert refused["param"] == "messages[0].role"


def test_a_body_with_neither_names_the_prompt(gateway: Gateway) -> None:
    error = gateway.http().post(PATH, json={"model": CHAT}).json()["error"]
    assert error["param"] == "prompt"


def test_a_streamed_completion_has_text_a_reason_and_an_end(gateway: Gateway) -> None:
    body = {
        "model": CHAT,
        "prompt": "Once",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    text = gateway.http().post(PATH, json=body).text
    *chunks, usage = [
        json.loads(line[6:]) for line in text.split("\n\n") if line.startswith("data: {")
    ]
    assert text.endswith("data: [DONE]\n\n")
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["", "Hello", " world", ""]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 9


def test_the_official_client_completes_and_streams(gateway: Gateway) -> None:
    client = gateway.openai()
    whole = client.completions.create(model=CHAT, prompt="Once")
    assert whole.choices[0].text == "Hello world"
    stream = client.completions.create(model=CHAT, prompt="Once", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == "Hello world"
