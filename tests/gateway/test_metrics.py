"""What operators watch: `GET /metrics`, read back with the client library's own parser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from tests.gateway.a_bundle import CHAT, EMBEDDING, REASONING
from tests.gateway.scripted_workers import ScriptedWorkers, answering
from tests.gateway.serving import Gateway, serving

from llmaas.workers import Failed, Started

TOKEN = "for-operators"
QUESTION: Any = [{"role": "user", "content": "Say hello."}]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with serving(tmp_path, admin_token=TOKEN) as running:
        yield running


def scrape(gateway: Gateway) -> httpx.Response:
    return gateway.http(TOKEN).get("/metrics")


def samples(gateway: Gateway) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(scrape(gateway).text)
        for sample in family.samples
    }


def value(gateway: Gateway, name: str, **labels: str) -> float:
    return samples(gateway)[name, frozenset(labels.items())]


def chat(gateway: Gateway, **fields: Any) -> httpx.Response:
    body = {"model": CHAT, "messages": QUESTION} | fields
    return gateway.http().post("/v1/chat/completions", json=body)


def request_count(gateway: Gateway, *, status: int, code: str = "", model: str = CHAT) -> float:
    return value(
        gateway,
        "llmaas_requests_total",
        operation="createChatCompletion",
        model=model,
        status=str(status),
        code=code,
    )


def test_only_operators_read_the_metrics(gateway: Gateway) -> None:
    for token in (None, gateway.token):
        assert gateway.http(token).get("/metrics").status_code == 401
    assert scrape(gateway).headers["content-type"].startswith("text/plain; version=")


def test_a_scraper_gets_the_format_that_it_asks_for(gateway: Gateway) -> None:
    chat(gateway)
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    answer = gateway.http(TOKEN).get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in openmetrics(answer.text)}
    assert {"llmaas_requests", "gen_ai_server_request_duration_seconds"} <= names


def test_a_request_is_counted_with_its_model_and_tokens(gateway: Gateway) -> None:
    usages = [chat(gateway).json()["usage"] for _ in range(3)]
    assert request_count(gateway, status=200) == 3
    for kind, name in (("input", "prompt_tokens"), ("output", "completion_tokens")):
        counted = value(gateway, "llmaas_tokens_total", model=CHAT, type=kind)
        assert counted == sum(usage[name] for usage in usages) > 0
    of_call = {"gen_ai_operation_name": "chat", "gen_ai_request_model": CHAT}
    assert value(gateway, "gen_ai_server_request_duration_seconds_count", **of_call) == 3
    # Who waits for the whole answer sees no first token.
    assert not any("time_to_first_token_seconds_" in name for name, _ in samples(gateway))


def test_a_stream_tells_when_its_first_token_came_and_how_far_apart_the_others(
    gateway: Gateway,
) -> None:
    assert chat(gateway, stream=True).text.endswith("data: [DONE]\n\n")
    of_call = {"gen_ai_operation_name": "chat", "gen_ai_request_model": CHAT}
    for name in ("time_to_first_token", "time_per_output_token"):
        assert value(gateway, f"gen_ai_server_{name}_seconds_count", **of_call) == 1
        assert value(gateway, f"gen_ai_server_{name}_seconds_sum", **of_call) > 0


def test_reasoning_is_counted_out_of_the_output(tmp_path: Path) -> None:
    workers = ScriptedWorkers(script=answering("Yes", reasoning="Hm"))
    with serving(tmp_path, admin_token=TOKEN, workers=workers) as gateway:
        usage = chat(gateway, model=REASONING).json()["usage"]
        assert usage["reasoning_tokens"] == 1
        assert value(gateway, "llmaas_tokens_total", model=REASONING, type="reasoning") == 1
        assert value(gateway, "llmaas_tokens_total", model=REASONING, type="output") == 2


def test_embeddings_are_an_operation_of_their_own(gateway: Gateway) -> None:
    gateway.openai().embeddings.create(model=EMBEDDING, input="a")
    of_call = {"gen_ai_operation_name": "embeddings", "gen_ai_request_model": EMBEDDING}
    assert value(gateway, "gen_ai_server_request_duration_seconds_count", **of_call) == 1


def test_what_a_client_wrote_is_in_no_label(gateway: Gateway) -> None:
    for name in ("no-such-model", "another"):
        assert chat(gateway, model=name).status_code == 404
    assert request_count(gateway, status=404, code="model_not_found", model="") == 2
    assert "no-such-model" not in scrape(gateway).text
    assert gateway.token not in scrape(gateway).text


def test_an_answer_that_breaks_is_counted_with_its_code(tmp_path: Path) -> None:
    workers = ScriptedWorkers(script=[Started(0, 7), Failed(0, "internal_error", "it broke")])
    with serving(tmp_path, admin_token=TOKEN, workers=workers) as gateway:
        answer = chat(gateway)
        assert answer.status_code == 500
        code = answer.json()["error"]["code"]
        assert request_count(gateway, status=500, code=code or "") == 1


def test_what_is_refused_is_counted_with_its_model_and_says_nothing_about_durations(
    gateway: Gateway,
) -> None:
    assert chat(gateway, temperature=7).status_code == 400
    assert chat(gateway, messages=[]).status_code == 400
    answer = chat(gateway, model=EMBEDDING)
    code = answer.json()["error"]["code"]
    assert request_count(gateway, status=400, code=code, model=EMBEDDING) == 1
    found = samples(gateway).items()
    assert not any(v for (name, _), v in found if name.endswith("request_duration_seconds_count"))


def test_the_scrape_itself_is_the_one_request_running(gateway: Gateway) -> None:
    assert value(gateway, "llmaas_requests_running") == 1
    assert value(gateway, "llmaas_requests_running") == 1


def test_every_pool_tells_its_state(gateway: Gateway) -> None:
    pools = {pool.pool for pool in gateway.workers.status()}
    found = samples(gateway)
    ready = {dict(labels)["pool"] for name, labels in found if name == "llmaas_pool_ready"}
    assert ready == pools
    in_states = sum(v for (name, _), v in found.items() if name == "llmaas_pools")
    assert in_states == len(pools)
