"""Recordings in a worker of their own: what is read, what is refused, and what stops it."""

import asyncio
import os
import signal
import struct
import time
import wave
from contextlib import asynccontextmanager
from io import BytesIO

import numpy as np
import pytest
from tests.recordings import FORMATS, recording

from llmaas.workers import Embed, GenerationFailed, ServedModel, Workers
from llmaas.workers.failures import LoadError
from llmaas.workers.ggml_header import read_ggml_header
from llmaas.workers.memory import memory_needed
from llmaas.workers.protocol import Heard, Transcribe, TranscriptSegment
from llmaas.workers.stand_in.transcription import SENTENCE, write_transcription_model
from llmaas.workers.transcription import audio
from llmaas.workers.transcription.model import Passage, Task
from llmaas.workers.transcription.recording import PASSAGE_S, transcribe

pytestmark = pytest.mark.timeout(120)
NEVER = lambda: False  # noqa: E731


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("whisper") / "stand-in.bin"
    with path.open("wb") as file:
        write_transcription_model(file)
    return path


@pytest.fixture
def hearing(weights, worker, spec):
    """`async with hearing() as connection`: a worker that writes down."""
    return lambda: worker(weights, kind="transcription", n_ctx=448, n_seq_max=1)


async def nothing(_seconds):
    pass


async def heard_by(connection, sound, **options):
    return await connection.transcribe(Transcribe(stream=0, audio=sound, **options), nothing)


def failure(error):
    return error.value.failure.code, error.value.failure.message


# Reading


@pytest.mark.parametrize("ending", FORMATS)
def test_a_format_is_read_in_small_pieces_and_as_long_as_it_is(ending):
    sound = recording(7, ending)
    assert audio.duration(sound, NEVER) == pytest.approx(7, abs=0.1)
    pieces = list(audio.pieces(sound))
    assert max(map(len, pieces)) < audio.SAMPLE_RATE
    assert 0.2 < np.abs(np.concatenate(pieces)).max() < 0.6


@pytest.mark.parametrize(
    "sound",
    [b"", b"hello " * 500, bytes(5000), recording(2, "m4a")[:4000], recording(2, "wav")[:44]],
    ids=["nothing", "text", "zeros", "half an m4a", "a header alone"],
)
def test_what_is_no_recording_is_refused(sound):
    with pytest.raises(audio.UnreadableError):
        audio.duration(sound, NEVER)


def test_a_play_list_is_not_followed_to_the_files_of_this_machine(tmp_path):
    (tmp_path / "secret.wav").write_bytes(recording(3))
    for playlist in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{tmp_path}/secret.wav'\n",
    ):
        with pytest.raises(audio.UnreadableError, match="has to be one of wav"):
            audio.duration(playlist.encode(), NEVER)


def test_a_recording_that_claims_few_samples_a_second_does_not_become_hours():
    file = BytesIO()
    with wave.open(file, "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(1)
        output.writeframes(bytes(2 * 100_000))
    with pytest.raises(audio.UnreadableError, match="samples a second"):
        audio.duration(file.getvalue(), NEVER)


def test_too_long_and_too_short_are_refused_with_the_limit(monkeypatch):
    with pytest.raises(audio.UnreadableError, match=r"0\.1 s is the least"):
        audio.duration(recording(0.05), NEVER)
    monkeypatch.setattr(audio, "MAX_SECONDS", 60)
    with pytest.raises(audio.UnreadableError, match="longer than 1 minutes"):
        audio.duration(recording(61), NEVER)


def test_a_header_that_lies_about_the_length_changes_nothing():
    sound = bytearray(recording(2))
    at = sound.index(b"data") + 4
    sound[at : at + 4] = struct.pack("<I", 2**31)
    assert audio.duration(bytes(sound), NEVER) == pytest.approx(2, abs=0.05)


# A long recording, in passages


def segment(start_s, end_s, text):
    return TranscriptSegment(
        start_s=start_s, end_s=end_s, text=text, tokens=[], avg_logprob=0.0, window_s=start_s
    )


def test_a_long_recording_is_heard_in_passages_that_begin_where_the_last_one_was_cut():
    seconds = 2 * PASSAGE_S + 30
    pieces = (np.full(audio.SAMPLE_RATE, second, np.float32) for second in range(seconds))
    begins, tasks = [], []

    def run(samples, task):
        begins.append((int(samples[0]), len(samples) / audio.SAMPLE_RATE))
        tasks.append(task)
        length = len(samples) / audio.SAMPLE_RATE
        return Passage(
            "fr",
            (segment(0, length - 10, f" {begins[-1][0]}"), segment(length - 10, length, " x")),
            (),
        )

    task = Task(None, "Names: Ada", 0.0, translate=False, words=False)
    whole = transcribe(pieces, task, run)
    cut = PASSAGE_S - 10
    assert begins == [(0, PASSAGE_S), (cut, PASSAGE_S), (2 * cut, seconds - 2 * cut)]
    assert [(each.start_s, each.end_s) for each in whole.segments] == [
        (0, cut),
        (cut, 2 * cut),
        (2 * cut, seconds - 10),
        (seconds - 10, seconds),
    ]
    assert [each.language for each in tasks] == [None, "fr", "fr"]
    assert [each.prompt for each in tasks] == ["Names: Ada", " 0", f" 0 {cut}"]


def test_a_passage_of_one_segment_is_not_heard_again():
    pieces = iter([np.zeros(PASSAGE_S * audio.SAMPLE_RATE, np.float32)] * 2)
    task = Task("en", "", 0.0, translate=False, words=False)
    whole = transcribe(pieces, task, lambda *_: Passage("en", (segment(0, PASSAGE_S, " a"),), ()))
    assert [each.start_s for each in whole.segments] == [0, PASSAGE_S]


# In a worker


def test_the_stand_in_says_its_sentence_for_every_thirty_seconds(hearing, run):
    async def story():
        async with hearing() as connection:
            told = []

            async def heard(seconds):
                told.append(seconds)

            request = Transcribe(stream=0, audio=recording(61, "mp3"), words=True)
            return told, await connection.transcribe(request, heard)

    told, transcript = run(story())
    assert told == [pytest.approx(61, abs=0.1)]
    assert [each.text.strip() for each in transcript.segments] == [SENTENCE] * 3
    assert [each.start_s for each in transcript.segments] == [0, 30, 60]
    assert transcript.segments[-1].end_s == pytest.approx(61, abs=0.1)
    assert [each.window_s for each in transcript.segments] == [0, 30, 60]
    assert [word.text for word in transcript.words] == SENTENCE.split() * 3
    times = [word.start_s for word in transcript.words]
    assert times == sorted(times)
    assert transcript.language == "en"


def test_language_prompt_and_translation_reach_the_model(hearing, run):
    async def story():
        async with hearing() as connection:
            return await heard_by(
                connection,
                recording(1),
                language="fr",
                prompt="Où sont « Ada » et 李 ?",
                temperature=0.4,
                translate=True,
            )

    transcript = run(story())
    assert transcript.language == "fr"
    assert transcript.segments[0].text.strip() == SENTENCE


def test_what_cannot_be_transcribed_is_refused_at_once_and_the_rest_goes_on(hearing, run):
    async def story():
        async with hearing() as connection:
            with pytest.raises(GenerationFailed) as unread:
                await heard_by(connection, b"no sound")
            with pytest.raises(GenerationFailed) as unknown:
                await heard_by(connection, recording(1), language="xx")
            with pytest.raises(GenerationFailed) as other:
                await connection.embed(Embed(0, ["text"]))
            return unread, unknown, other, await heard_by(connection, recording(1))

    unread, unknown, other, transcript = run(story())
    assert failure(unread)[0] == "invalid_request"
    assert failure(unknown) == ("unsupported", "tiny does not know the language 'xx'")
    assert failure(other)[0] == "unsupported"
    assert transcript.segments


def test_who_goes_away_stops_the_transcription(hearing, run):
    async def story():
        async with hearing() as connection:
            began = asyncio.Event()

            async def heard(_seconds):
                began.set()

            long = Transcribe(stream=0, audio=recording(900))
            task = asyncio.create_task(connection.transcribe(long, heard))
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await asyncio.wait_for(heard_by(connection, recording(1)), 30)

    assert run(story()).segments


def test_a_recording_that_is_refused_when_it_is_heard_is_not_transcribed(hearing, run):
    async def story():
        async with hearing() as connection:

            async def heard(_seconds):
                raise ValueError("too dear")

            with pytest.raises(ValueError, match="too dear"):
                await connection.transcribe(Transcribe(stream=0, audio=recording(900)), heard)
            return await asyncio.wait_for(heard_by(connection, recording(1)), 30)

    assert run(story()).segments


def test_more_recordings_than_it_keeps_are_turned_away(hearing, run):
    async def story():
        async with hearing() as connection:
            sound = recording(600)
            streams = [
                await connection.request(Transcribe(stream=0, audio=sound)) for _ in range(9)
            ]
            last = await streams[-1][1].get()
            for each, _ in streams:
                connection.cancel(each)
            first = await streams[0][1].get()
            return first, last

    first, last = run(story())
    assert isinstance(first, Heard)
    assert last.code == "overloaded"
    assert last.retry_after_s


def test_a_worker_that_is_killed_on_the_way_is_replaced(weights, spec, run):
    served = ServedModel(
        spec(kind="transcription", n_ctx=448, n_seq_max=1), weights, None, stand_in=True
    )

    async def story():
        async with running(served) as pools:
            async with pools.lease("tiny") as lease:

                async def heard(_seconds):
                    os.kill(pools.status()[0].pid, signal.SIGKILL)

                with pytest.raises(GenerationFailed) as killed:
                    await lease.transcribe(Transcribe(stream=0, audio=recording(600)), heard)
            async with asyncio.timeout(30):
                while True:
                    async with pools.lease("tiny") as lease:
                        if not lease.connection.lost.is_set():
                            return (
                                killed,
                                lease.engine_type,
                                await heard_by(lease.connection, recording(1)),
                            )

    killed, engine_type, transcript = run(story())
    assert failure(killed)[0] == "internal_error"
    assert engine_type == "whisper.cpp"
    assert transcript.segments


@asynccontextmanager
async def running(served):
    workers = Workers({"tiny": served}, memory_budget_bytes=2**40, machine_name="here", n_threads=1)
    await workers.start()
    try:
        yield workers
    finally:
        await workers.stop()


def test_each_thirty_seconds_are_a_step_so_a_long_recording_is_not_taken_for_a_hang(hearing, run):
    async def story():
        async with hearing() as connection:
            task = asyncio.create_task(heard_by(connection, recording(180)))
            ages = []
            began = time.monotonic()
            while not task.done():
                connection.ping()
                await asyncio.sleep(0.05)
                ages.append(connection.last_pong[1].step_age_s or 0.0)
            return time.monotonic() - began, ages

    took, ages = run(story())
    assert max(ages) < took / 2


def test_weights_of_another_kind_are_refused_before_they_are_loaded(tiny, spec):
    with pytest.raises(ValueError, match=r"no whisper\.cpp model"):
        memory_needed(spec(kind="transcription"), weights_path=tiny.random, mmproj_path=None)


@pytest.mark.parametrize("broken", ["of another kind", "cut off"])
def test_weights_that_do_not_load_say_so(tiny, hearing_with, run, broken):
    async def story():
        async with hearing_with(tiny.random if broken == "of another kind" else None):
            pass

    with pytest.raises(LoadError, match=r"no whisper\.cpp model, or broken"):
        run(story())


@pytest.fixture
def hearing_with(weights, worker, tmp_path):
    """`hearing` with other weights; without any, with half of its own."""

    def start(path):
        if path is None:
            path = tmp_path / "cut.bin"
            path.write_bytes(weights.read_bytes()[:100_000])
        return worker(path, kind="transcription")

    return start


def test_memory_is_known_before_a_process_is_started(weights, spec):
    header = read_ggml_header(weights)
    assert (header.n_audio_ctx, header.n_text_ctx, header.n_vocab) == (1500, 448, 51865)
    needed = memory_needed(
        spec(kind="transcription", n_ctx=448), weights_path=weights, mmproj_path=None
    )
    assert needed > weights.stat().st_size + 200 * 2**20
