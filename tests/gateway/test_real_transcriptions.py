"""The official client, the gateway, a worker process and the stand-in weights."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openai
import psutil
import pytest
from tests.gateway.a_bundle import CHAT, TRANSCRIPTION
from tests.gateway.serving import Gateway, serving_stand_ins
from tests.gateway.test_metering import entries
from tests.recordings import FORMATS, recording

from llmaas.accounts import to_eur
from llmaas.workers.stand_in.transcription import SENTENCE

pytestmark = pytest.mark.timeout(120)
TIME = r"\d\d:[0-5]\d:[0-5]\d"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving_stand_ins(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def transcribe(gateway: Gateway, seconds: float = 1, ending: str = "wav", **options: Any) -> Any:
    create: Any = gateway.openai().audio.transcriptions.create
    file = (f"tone.{ending}", recording(seconds, ending))
    return create(**({"model": "whisper-1", "file": file} | options))


@pytest.mark.parametrize("ending", FORMATS)
def test_every_documented_format_is_transcribed(gateway: Gateway, ending: str) -> None:
    answer = transcribe(gateway, 2, ending)
    assert answer.text == SENTENCE
    assert answer.usage.type == "duration"
    assert answer.usage.seconds == 2


@pytest.mark.parametrize(("ending", "seconds"), [("m4a", 60), ("mp3", 61)])
def test_a_minute_is_one_minute_and_a_second_more_are_two(
    gateway: Gateway, ending: str, seconds: int
) -> None:
    before = len(entries(gateway))
    transcribe(gateway, seconds, ending)
    (entry,) = entries(gateway)[before:]
    assert entry.usage.audio_seconds == seconds
    assert to_eur(entry.cost_pico) == (Decimal("0.01") if seconds == 60 else Decimal("0.02"))


def test_verbose_json_is_what_the_client_has_a_type_for(gateway: Gateway) -> None:
    answer = transcribe(
        gateway,
        31,
        response_format="verbose_json",
        timestamp_granularities=["segment", "word"],
    )
    assert (answer.language, answer.duration) == ("en", 31.0)
    assert answer.backend == {"engine_type": "whisper.cpp", "machine_name": "here"}
    assert [(each.id, each.start, each.end) for each in answer.segments] == [
        (0, 0.0, 30.0),
        (1, 30.0, 31.0),
    ]
    assert answer.segments[0].text.strip() == SENTENCE
    assert [word.word for word in answer.words] == SENTENCE.split() * 2
    assert all(0 <= word.start <= word.end <= 31 for word in answer.words)


def test_text_and_subtitles_are_text_for_the_client(gateway: Gateway) -> None:
    assert transcribe(gateway, response_format="text") == f"{SENTENCE}\n"
    srt = transcribe(gateway, 31, response_format="srt")
    block = rf"\d+\n{TIME},\d{{3}} --> {TIME},\d{{3}}\n[^\n]+\n"
    assert re.fullmatch(f"{block}(\n{block})*", srt)
    assert [line for line in srt.splitlines() if line.isdecimal()] == ["1", "2"]
    vtt = transcribe(gateway, 31, response_format="vtt")
    cue = rf"{TIME}\.\d{{3}} --> {TIME}\.\d{{3}}\n[^\n]+\n"
    assert re.fullmatch(f"WEBVTT\n(\n{cue})+", vtt)


def test_the_answer_says_that_it_is_a_stand_ins(gateway: Gateway) -> None:
    raw = gateway.openai().audio.transcriptions.with_raw_response.create(
        model=TRANSCRIPTION, file=recording(1)
    )
    assert raw.headers["x-llmaas-stand-in"] == "true"
    (listed,) = [m for m in gateway.openai().models.list() if m.id == TRANSCRIPTION]
    extra: Any = listed.model_extra
    assert extra["stand_in"] is True
    assert extra["endpoints"] == ["audio.transcriptions"]


@pytest.mark.parametrize(
    ("options", "status", "param"),
    [
        ({"file": ("a.mp3", b"no sound in here" * 99)}, 400, "file"),
        ({"file": ("a.wav", recording(0.05))}, 400, "file"),
        ({"language": "xx"}, 400, "language"),
        ({"model": CHAT}, 400, "model"),
        ({"model": "unknown"}, 404, "model"),
    ],
    ids=["no recording", "too short", "language", "another model", "no model"],
)
def test_what_cannot_be_transcribed_says_what_is_wrong_and_costs_nothing(
    gateway: Gateway, options: Any, status: int, param: str
) -> None:
    before = len(entries(gateway))
    with pytest.raises(openai.APIStatusError) as refused:
        transcribe(gateway, **options)
    body: Any = refused.value.body
    assert (refused.value.status_code, body["param"]) == (status, param)
    assert len(entries(gateway)) == before


def test_a_worker_that_dies_costs_nothing_and_the_next_one_answers(gateway: Gateway) -> None:
    transcribe(gateway)
    before = len(entries(gateway))
    (pool,) = [p for p in gateway.workers.status() if p.pool == TRANSCRIPTION]
    worker = psutil.Process(pool.pid)
    worker.suspend()  # so that the recording is certainly with it
    gateway.loop.call_later(0.5, worker.kill)
    with pytest.raises(openai.InternalServerError) as failed:
        transcribe(gateway, 30)
    assert failed.value.status_code in {500, 503}
    assert len(entries(gateway)) == before
    assert transcribe(gateway).text == SENTENCE
