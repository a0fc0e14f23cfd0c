"""Answers that give away what only the model was to read: stopped, flagged, billed and audited."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.a_bundle import CHAT
from tests.gateway.scripted_workers import ScriptedWorkers, Step
from tests.gateway.serving import Gateway, serving
from tests.gateway.test_screening import screened_bundle

from llmaas.gateway.screening_audit import audit_log
from llmaas.workers import Delta, Finished, Generate, Started, Usage

SYSTEM = (
    "You are the assistant of the Example library. Answer in the reader's language, never mention "
    "the closed collection, and send every question about fines to the front desk."
)
ASKED: Any = {
    "model": CHAT,
    "messages": [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "What is it about?"},
    ],
}


def saying(*texts: str, reasoning: str = "") -> list[Step]:
    """Tokens are counted as a worker does, one for each text."""
    thought = [Delta(0, reasoning=reasoning, completion_tokens=1)] if reasoning else []
    deltas = [
        Delta(0, content=t, completion_tokens=len(thought) + n + 1) for n, t in enumerate(texts)
    ]
    count = len(thought) + len(texts)
    usage = Usage(prompt_tokens=7, completion_tokens=count, reasoning_tokens=len(thought))
    return [Started(0, 7), *thought, *deltas, Finished(0, "stop", usage)]


def words(text: str) -> list[str]:
    return [f"{word} " for word in text.split()]


@contextmanager
def checking(tmp_path: Path, **actions: str) -> Iterator[Gateway]:
    with serving(tmp_path, workers=ScriptedWorkers(), bundle=screened_bundle(**actions)) as gateway:
        yield gateway


def streamed(gateway: Gateway, **fields: Any) -> tuple[str, list[dict[str, Any]]]:
    body = ASKED | {"stream": True, "stream_options": {"include_usage": True}} | fields
    answer = gateway.shared().post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    said = "".join(
        choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]
    )
    return said, chunks


def test_a_streamed_leak_ends_before_a_word_of_it(tmp_path: Path) -> None:
    with checking(tmp_path, system_prompt_action="block") as gateway:
        gateway.workers.script = saying("Of ", "course: ", *words(SYSTEM), "Anything ", "else?")
        said, chunks = streamed(gateway)
        assert said == "Of course: "
        assert chunks[-2]["choices"][0]["finish_reason"] == "content_filter"
        usage = chunks[-1]["usage"]
        assert usage["prompt_tokens"] == 7
        assert 10 < usage["completion_tokens"] < len(SYSTEM.split()) + 2
        assert gateway.run(gateway.workers.cancelled.wait()) is True, "the model goes no further"
        ((tokens, outcome),) = gateway.accounts.store.read(
            lambda database: database.execute("select completion_tokens, outcome from ledger")
        )
    assert (tokens, outcome) == (usage["completion_tokens"], "completed")


def test_a_leak_in_a_whole_answer_is_cut_out_too(tmp_path: Path) -> None:
    with checking(tmp_path, system_prompt_action="block") as gateway:
        gateway.workers.script = saying("Well, ", *words(SYSTEM))
        answer = gateway.shared().post("/v1/chat/completions", json=ASKED).json()
    choice = answer["choices"][0]
    assert choice["message"]["content"] == "Well, "
    assert choice["finish_reason"] == "content_filter"
    assert answer["usage"]["completion_tokens"] > 8


def test_thoughts_and_arguments_of_calls_are_read_as_well(tmp_path: Path) -> None:
    with checking(tmp_path, system_prompt_action="block") as gateway:
        gateway.workers.script = saying("Hello", reasoning=SYSTEM)
        _, chunks = streamed(gateway)
    assert "fines" not in json.dumps(chunks)
    assert chunks[-2]["choices"][0]["finish_reason"] == "content_filter"


def test_one_of_two_answers_may_end_and_the_other_goes_on(tmp_path: Path) -> None:
    with checking(tmp_path, system_prompt_action="block") as gateway:
        leaks, harmless = saying(*words(SYSTEM)), saying("All ", "is ", "well.")
        scripts = iter((leaks, harmless))
        gateway.workers.__class__ = type(
            "Alternating", (ScriptedWorkers,), {"script": property(lambda _: next(scripts))}
        )
        answer = gateway.shared().post("/v1/chat/completions", json=ASKED | {"n": 2}).json()
    reasons = [choice["finish_reason"] for choice in answer["choices"]]
    assert sorted(reasons) == ["content_filter", "stop"]
    assert "All is well." in {choice["message"]["content"] for choice in answer["choices"]}


def marker_of(request: Generate) -> str:
    assert request.messages is not None
    text = request.messages[0]["content"]
    assert text.startswith(SYSTEM)
    return str(text.removeprefix(f"{SYSTEM}\n\n[marker ").partition(":")[0])


def test_a_canary_is_put_into_the_system_message_and_stopped_in_the_answer(tmp_path: Path) -> None:
    with checking(tmp_path, canary_action="block") as gateway:
        streamed(gateway)
        streamed(gateway)
        markers = {marker_of(request) for request in gateway.workers.generated}
        assert len(markers) == 1, "a prefix that was computed can be used again"
        (marker,) = markers
        assert len(marker) == 16
        gateway.workers.script = saying("It ", "is ", *(f"{c.upper()}-" for c in marker), " bye")
        said, chunks = streamed(gateway)
        assert said == "It is "
        assert chunks[-2]["choices"][0]["finish_reason"] == "content_filter"
        parts = [{"type": "text", "text": SYSTEM}]
        as_parts = [{"role": "developer", "content": parts}, ASKED["messages"][1]]
        streamed(gateway, messages=as_parts)
        assert marker in str(gateway.workers.generated[-1].messages[0]["content"][1])


def test_without_a_system_message_nothing_is_added_or_read(tmp_path: Path) -> None:
    with checking(tmp_path, canary_action="block", system_prompt_action="block") as gateway:
        gateway.workers.script = saying(*words(SYSTEM))
        said, _ = streamed(gateway, messages=[ASKED["messages"][1]])
        assert said == "".join(words(SYSTEM))
        assert gateway.workers.generated[-1].messages == [ASKED["messages"][1]]


def test_a_flagged_leak_is_told_whole_and_audited_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, logger=audit_log.name),
        checking(tmp_path, system_prompt_action="flag") as gateway,
    ):
        gateway.workers.script = saying("So: ", *words(SYSTEM))
        answer = gateway.shared().post("/v1/chat/completions", json=ASKED)
        records = gateway.accounts.store.read(
            lambda database: database.execute("select body from audit where kind = 'access'")
        )
    assert answer.headers["x-llmaas-security"] == "flagged"
    assert answer.json()["choices"][0]["message"]["content"] == "So: " + "".join(words(SYSTEM))
    (event,) = [json.loads(r.getMessage()) for r in caplog.records if r.name == audit_log.name]
    assert event["event"] == "prompt_security_output"
    assert (event["leak"], event["action"], event["choice"]) == ("system_prompt", "flag", 0)
    assert event["request_id"] == answer.headers["x-request-id"]
    assert "library" not in caplog.text
    assert json.loads(records[-1][0])["verdict"] == "output_flag"


def test_deltas_of_an_ordinary_answer_do_not_wait_for_its_end(tmp_path: Path) -> None:
    with checking(tmp_path, canary_action="block", system_prompt_action="block") as gateway:
        answer = "Books are lent for four weeks and fines are low "
        gateway.workers.script = saying(*words(answer))
        said, chunks = streamed(gateway)
    assert said == answer
    texts = [c["choices"][0]["delta"].get("content") for c in chunks if c["choices"]]
    assert texts.count("weeks ") == 1
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


def test_by_default_nothing_is_marked_or_read(tmp_path: Path) -> None:
    with checking(tmp_path) as gateway:
        gateway.workers.script = saying(*words(SYSTEM))
        said, _ = streamed(gateway)
        assert said == "".join(words(SYSTEM))
        assert gateway.workers.generated[-1].messages == ASKED["messages"]
