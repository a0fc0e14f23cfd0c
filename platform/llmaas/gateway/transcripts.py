"""A transcript in the formats that are offered."""

import re
import zlib
from collections.abc import Iterator

from llmaas.gateway.wire import (
    AudioUsage,
    Backend,
    Transcription,
    TranscriptionRequest,
    TranscriptionSegment,
    TranscriptionWord,
    VerboseTranscription,
)
from llmaas.workers.protocol import Transcribed, TranscriptSegment

_SPACE = re.compile(r"\s+")


def text_of(transcript: Transcribed) -> str:
    """All that is said."""
    return "".join(segment.text for segment in transcript.segments).strip()


def short(transcript: Transcribed, *, seconds: int) -> Transcription:
    """The text, and what is billed."""
    return Transcription(text=text_of(transcript), usage=AudioUsage(seconds=seconds))


def verbose(
    transcript: Transcribed,
    request: TranscriptionRequest,
    *,
    duration_s: float,
    seconds: int,
    backend: Backend,
) -> VerboseTranscription:
    """Segments or words with their times as well."""
    wanted = request.timestamp_granularities or ["segment"]
    answer = VerboseTranscription(
        text=text_of(transcript),
        usage=AudioUsage(seconds=seconds),
        task=request.task,
        language=transcript.language,
        duration=round(duration_s, 2),
        backend=backend,
    )
    if "segment" in wanted:
        answer.segments = [
            TranscriptionSegment(
                id=number,
                seek=round(each.window_s * 100),
                start=round(each.start_s, 2),
                end=round(each.end_s, 2),
                text=each.text,
                tokens=each.tokens,
                temperature=request.temperature,
                avg_logprob=each.avg_logprob,
                compression_ratio=_compression_ratio(each.text),
            )
            for number, each in enumerate(transcript.segments)
        ]
    if "word" in wanted:
        answer.words = [
            TranscriptionWord(
                word=each.text, start=round(each.start_s, 2), end=round(each.end_s, 2)
            )
            for each in transcript.words
        ]
    return answer


def _compression_ratio(text: str) -> float:
    """How much shorter a text gets: a model that repeats itself is far above 2.4."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def srt(transcript: Transcribed) -> str:
    """SubRip: numbered blocks, times with a comma."""
    blocks = [
        f"{number}\n{_time(each.start_s, ',')} --> {_time(each.end_s, ',')}\n{text}\n"
        for number, (each, text) in enumerate(_lines(transcript), 1)
    ]
    return "\n".join(blocks)


def vtt(transcript: Transcribed) -> str:
    """WebVTT; what would be markup or a time there is written as text."""
    cues = [
        f"{_time(each.start_s, '.')} --> {_time(each.end_s, '.')}\n{_plain(text)}\n"
        for each, text in _lines(transcript)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _lines(transcript: Transcribed) -> Iterator[tuple[TranscriptSegment, str]]:
    """Segments that say something, in one line: an empty line would end a block."""
    for segment in transcript.segments:
        text = _SPACE.sub(" ", segment.text).strip()
        if text:
            yield segment, text


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
