import base64
import struct
from typing import Any

import pytest
from tests.gateway.a_bundle import CHAT, EMBEDDING
from tests.gateway.serving import Gateway

from llmaas.workers import Failed


def ask(gateway: Gateway, **fields: Any) -> Any:
    body = {"model": EMBEDDING, "input": "blue"} | fields
    return gateway.http().post("/v1/embeddings", json=body).json()


def test_an_embedding_answer_has_the_documented_fields(gateway: Gateway) -> None:
    assert ask(gateway, input=["a", "b"]) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -0.5, 0.5, 0.0]},
            {"object": "embedding", "index": 1, "embedding": [0.5, -0.5, 0.5, 1.0]},
        ],
        "model": EMBEDDING,
        "usage": {"prompt_tokens": 6, "total_tokens": 6},
        "backend": {"engine_type": "scripted", "machine_name": "ma07"},
    }


def test_base64_is_little_endian_float32(gateway: Gateway) -> None:
    (data,) = ask(gateway, encoding_format="base64")["data"]
    assert struct.unpack("<4f", base64.b64decode(data["embedding"])) == (0.5, -0.5, 0.5, 0.0)


def test_the_official_client_embeds(gateway: Gateway) -> None:
    answer = gateway.openai().embeddings.create(model=EMBEDDING, input=["a", "b"])
    assert answer.data[1].embedding == [0.5, -0.5, 0.5, 1.0]


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ([1, 2], [[1, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
    ],
)
def test_input_may_be_text_texts_or_tokens(gateway: Gateway, given: Any, inputs: Any) -> None:
    ask(gateway, input=given)
    (request,) = gateway.workers.embedded
    assert request.inputs == inputs


def test_the_number_of_dimensions_may_be_asked_for_when_it_is_the_models_own(
    gateway: Gateway,
) -> None:
    assert "data" in ask(gateway, dimensions=4)
    error = ask(gateway, dimensions=2)["error"]
    assert error["param"] == "dimensions"
    assert "vectors of 4 dimensions" in error["message"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": [[1], []]}, "input[1]"),
        ({"input": ["a", None]}, "input[1]"),
        ({"input": ["a"] * 2049}, "input"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"dimensions": 0}, "dimensions"),
        ({"model": CHAT}, "model"),
    ],
)
def test_a_wrong_value_of_an_embedding_is_refused_with_its_field(
    gateway: Gateway, fields: Any, param: str
) -> None:
    error = ask(gateway, **fields)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param


def test_an_input_beyond_the_context_is_refused_with_both_numbers(gateway: Gateway) -> None:
    gateway.workers.script = [
        Failed(0, "context_length_exceeded", "x", prompt_tokens=600, n_ctx=512)
    ]
    error = ask(gateway)["error"]
    assert (error["code"], error["param"]) == ("context_length_exceeded", "input")
    assert "600" in error["message"]
    assert "512" in error["message"]
