"""A whole recording in passages of some minutes, so that a long one takes no more memory.

A passage ends in the middle of a word. What was written last of it is therefore heard again, with
what follows; the text before goes along as context.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from msgspec.structs import replace as changed

from llmaas.workers.protocol import TranscriptSegment, TranscriptWord
from llmaas.workers.transcription.audio import SAMPLE_RATE, Samples
from llmaas.workers.transcription.model import Passage, Task

PASSAGE_S = 600
CONTEXT_CHARACTERS = 500
"""Of the text before; a model looks at 224 tokens of it at most."""

Transcriber = Callable[[Samples, Task], Passage | None]


def transcribe(pieces: Iterator[Samples], task: Task, run: Transcriber) -> Passage | None:
    """The transcript of all pieces; `None` when it was aborted.

    Args:
        pieces: the samples, in order.
        task: what to make of them.
        run: transcribes one passage.
    """
    segments: list[TranscriptSegment] = []
    words: list[TranscriptWord] = []
    began_s = 0.0
    heard, passages = None, _Passages(pieces)
    while (samples := passages.next()) is not None:
        heard = run(samples, task)
        if heard is None:
            return None
        kept, next_s = _finished(heard, len(samples) / SAMPLE_RATE, more=passages.more)
        passages.go_on_at(next_s)
        segments += [_later(each, began_s) for each in kept]
        words += [
            TranscriptWord(word.text, word.start_s + began_s, word.end_s + began_s)
            for word in heard.words
            if not passages.more or word.start_s < next_s
        ]
        began_s += next_s
        said = "".join(each.text for each in segments)[-CONTEXT_CHARACTERS:]
        task = replace(task, language=heard.language, prompt=said or task.prompt)
    if heard is None:
        return Passage(task.language or "en", (), ())
    return Passage(heard.language, tuple(segments), tuple(words))


def _finished(
    heard: Passage, duration_s: float, *, more: bool
) -> tuple[tuple[TranscriptSegment, ...], float]:
    """The segments that stay as they are, and where to listen again."""
    if more and len(heard.segments) > 1 and heard.segments[-1].start_s > 0:
        return heard.segments[:-1], heard.segments[-1].start_s
    return heard.segments, duration_s


def _later(segment: TranscriptSegment, seconds: float) -> TranscriptSegment:
    return changed(
        segment,
        start_s=segment.start_s + seconds,
        end_s=segment.end_s + seconds,
        window_s=segment.window_s + seconds,
    )


class _Passages:
    """Cuts samples into passages; the next one may begin within the last."""

    def __init__(self, pieces: Iterator[Samples]) -> None:
        self._pieces = pieces
        self._samples: Samples = np.empty(0, np.float32)
        self.more = True
        """Whether something follows the passage."""

    def next(self) -> Samples | None:
        """Some minutes, or what is left."""
        wanted = PASSAGE_S * SAMPLE_RATE
        parts, length = [self._samples], len(self._samples)
        while length < wanted:
            piece = next(self._pieces, None)
            if piece is None:
                self.more = False
                break
            parts.append(piece)
            length += len(piece)
        self._samples = np.concatenate(parts)
        return self._samples if length else None

    def go_on_at(self, seconds: float) -> None:
        """Where in the last passage the next one begins."""
        self._samples = self._samples[round(seconds * SAMPLE_RATE) :]
