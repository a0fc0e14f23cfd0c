"""`POST /v1/audio/transcriptions`."""

import asyncio
import math

import msgspec

from llmaas.accounts import Usage
from llmaas.bundle.audio import MAX_SECONDS
from llmaas.gateway.client_texts import spoken_texts
from llmaas.gateway.context import Exchange
from llmaas.gateway.errors import InvalidRequest, UnsupportedValue
from llmaas.gateway.forms import read_form
from llmaas.gateway.generation import Leased, api_error
from llmaas.gateway.limits import announce_limits
from llmaas.gateway.metering import admit, audio_counted, complete, settling
from llmaas.gateway.resolution import Target, caller, resolve
from llmaas.gateway.screening import screen
from llmaas.gateway.transcripts import short, srt, text_of, verbose, vtt
from llmaas.gateway.uploads import Upload
from llmaas.gateway.wire import Backend, TranscriptionRequest
from llmaas.workers import GenerationFailed
from llmaas.workers.protocol import Transcribe, Transcribed

BYTES_PER_SECOND = 2_000
"""Of speech in a small format; how long a recording is, its worker finds out."""
PADDING_S = 0.1
"""Encoders fill up their last block: a minute as m4a is some hundredths longer than a minute."""


async def create_transcription(exchange: Exchange) -> None:
    """What is said in a recording."""
    key = caller(exchange)
    with Upload(exchange.gateway.uploads) as upload:
        form = await read_form(exchange, upload)
        request = form.to(TranscriptionRequest)
        target = resolve(exchange, key, request.model, "audio.transcriptions")
        check(request)
        audio = upload.take()
        if not audio:
            raise InvalidRequest("The file is empty.", param="file")
        await screen(exchange, spoken_texts(exchange, request), model=target.model.route.model)
        await exchange.unless_gone(_answer(exchange, request, target, audio))


def check(request: TranscriptionRequest) -> None:
    """Refuse what is not offered.

    Raises:
        UnsupportedValue: a stream, or times in a format that has no place for them.
        InvalidRequest: two prompts.
    """
    if request.stream:
        raise UnsupportedValue(
            "Transcriptions are not streamed: leave 'stream' out.", param="stream"
        )
    if request.timestamp_granularities and request.response_format != "verbose_json":
        raise UnsupportedValue(
            "'timestamp_granularities' goes with 'response_format' verbose_json.",
            param="timestamp_granularities",
        )
    if request.prompt and request.initial_prompt and request.prompt != request.initial_prompt:
        raise InvalidRequest(
            "'initial_prompt' is another name for 'prompt': send one of them.",
            param="initial_prompt",
        )


async def _answer(
    exchange: Exchange, request: TranscriptionRequest, target: Target, audio: bytes
) -> None:
    expected = min(MAX_SECONDS, math.ceil(len(audio) / BYTES_PER_SECOND))
    metered = await admit(exchange, target, audio_seconds=expected)
    duration_s = 0.0

    async def heard(seconds: float) -> None:
        nonlocal duration_s
        duration_s = seconds
        await audio_counted(exchange, metered, billed_seconds(seconds))

    with settling(exchange, metered):
        async with Leased(exchange.gateway, target.model.route.pool) as lease:
            task = Transcribe(
                stream=0,
                audio=audio,
                language=request.language.lower() if request.language else None,
                prompt=request.prompt or request.initial_prompt or "",
                temperature=request.temperature,
                translate=request.task == "translate",
                words="word" in request.timestamp_granularities,
                owner="" if exchange.key is None else exchange.key.id,
            )
            try:
                transcript = await lease.transcribe(task, heard)
            except GenerationFailed as error:
                raise api_error(error.failure, "file") from error
            backend = Backend(engine_type=lease.engine_type, machine_name=lease.machine_name)
        seconds = billed_seconds(duration_s)
        written = complete(exchange, metered, Usage(audio_seconds=seconds))
        body, content_type = _written_down(
            transcript, request, duration_s=duration_s, seconds=seconds, backend=backend
        )
        await announce_limits(exchange)
        await asyncio.shield(written)
    await exchange.answer(body, content_type=content_type)


def billed_seconds(duration_s: float) -> int:
    """Whole seconds of a recording, without what its encoder filled up."""
    return max(1, math.ceil(duration_s - PADDING_S))


def _written_down(
    transcript: Transcribed,
    request: TranscriptionRequest,
    *,
    duration_s: float,
    seconds: int,
    backend: Backend,
) -> tuple[bytes, bytes]:
    """The body and its media type."""
    match request.response_format:
        case "text":
            return f"{text_of(transcript)}\n".encode(), b"text/plain; charset=utf-8"
        case "srt":
            return srt(transcript).encode(), b"text/plain; charset=utf-8"
        case "vtt":
            return vtt(transcript).encode(), b"text/vtt; charset=utf-8"
        case "verbose_json":
            answer = verbose(
                transcript, request, duration_s=duration_s, seconds=seconds, backend=backend
            )
            return msgspec.json.encode(answer), b"application/json"
        case _:
            answer_short = short(transcript, seconds=seconds)
            return msgspec.json.encode(answer_short), b"application/json"
