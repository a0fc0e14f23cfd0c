"""The short way to the operations that models answer ends as the framework's way does."""

import httpx
import pytest
from tests.gateway.a_bundle import CHAT, RETIRED
from tests.gateway.serving import Gateway

from llmaas.gateway.operations import OPERATIONS

CALLED_ALL_THE_TIME = [operation for operation in OPERATIONS if operation.endpoint]


@pytest.mark.parametrize("operation", CALLED_ALL_THE_TIME, ids=lambda operation: operation.id)
@pytest.mark.parametrize("token", ["", None])
def test_both_ways_answer_alike(gateway: Gateway, operation: object, token: str | None) -> None:
    client, path = gateway.http(token), operation.path  # type: ignore[attr-defined]

    def asked(way: str, body: object) -> tuple[int, object, set[str]]:
        answer = client.post(way, json=body)
        told = answer.json() if answer.status_code != 200 else sorted(answer.json())
        # Whether the server keeps the connection depends on how much of the body it had read.
        return answer.status_code, told, set(answer.headers) - {"connection"}

    messages = [{"role": "user", "content": "Hi"}]
    for body in (
        {"model": CHAT, "messages": messages, "prompt": "Hi", "input": "Hi", "max_tokens": 3},
        {"model": CHAT, "messages": messages},
        {"model": CHAT, "prompt": "Hi"},
        {"model": CHAT, "input": "Hi"},
        {"model": RETIRED, "messages": messages},
        {"model": "nothing", "prompt": "Hi", "input": "Hi", "messages": messages},
        [],
    ):
        # A slash at its end is the framework's to understand.
        assert asked(path, body) == asked(f"{path}/", body)


def test_the_wrong_method_is_told_by_the_framework(gateway: Gateway) -> None:
    answer: httpx.Response = gateway.shared().get("/v1/chat/completions")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
