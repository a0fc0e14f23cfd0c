"""whisper.cpp: a model in memory, and one run of it over some minutes of sound."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import _pywhispercpp as whisper

from llmaas.workers.model import ModelError
from llmaas.workers.protocol import TranscriptSegment, TranscriptWord
from llmaas.workers.transcription.audio import SAMPLE_RATE, Samples

HUNDREDTHS = 100
"""whisper.cpp's times are whole hundredths of a second."""
LOG_ERRORS = 4
UNWRITTEN = frozenset({"zh", "ja", "th", "lo", "my", "yue", "km", "bo"})
"""Languages whose words no space divides: every token that is whole characters is one."""


@dataclass(frozen=True)
class Task:
    """What to make of a recording."""

    language: str | None
    prompt: str
    temperature: float
    translate: bool
    words: bool


@dataclass(frozen=True)
class Passage:
    """What was said in one run, in seconds from its beginning."""

    language: str
    segments: tuple[TranscriptSegment, ...]
    words: tuple[TranscriptWord, ...]


class Whisper:
    """A loaded model; for one thread.

    Args:
        path: weights in whisper.cpp's format.
        n_threads: of one run.
        use_gpu: where the library was built for one.

    Raises:
        ModelError: with whisper.cpp's reason.
    """

    def __init__(self, path: Path, *, n_threads: int, use_gpu: bool) -> None:
        complaints: list[str] = []
        whisper.whisper_log_set(_noting(complaints))
        options = whisper.whisper_context_default_params()
        options.use_gpu = use_gpu
        self._context = whisper.whisper_init_from_file_with_params(str(path), options)
        # What could not be loaded is an object like any other, which ends the process when used.
        if complaints:
            raise ModelError(f"{path.name} is no whisper.cpp model, or broken: {complaints[0]}")
        whisper.whisper_log_set(_log)
        self._n_threads = n_threads
        self._first_timestamp = whisper.whisper_token_beg(self._context)

    @property
    def n_text_ctx(self) -> int:
        """Tokens of text that the model sees at most."""
        return int(whisper.whisper_model_n_text_ctx(self._context))

    def knows(self, language: str) -> bool:
        """Whether the model was made for a language."""
        if not whisper.whisper_is_multilingual(self._context):
            return language == "en"
        return language in _languages()

    def run(
        self,
        samples: Samples,
        task: Task,
        *,
        window_begins: Callable[[], None],
        aborted: Callable[[], bool],
    ) -> Passage | None:
        """Transcribe; `None` when it was aborted.

        Args:
            samples: of some minutes.
            task: what to do.
            window_begins: called before each 30 seconds.
            aborted: asked many times on the way.

        Raises:
            RuntimeError: whisper.cpp failed.
        """
        windows: list[int] = []
        """How many segments there were when each window had been written down."""

        def begins(*_: object) -> bool:
            window_begins()
            return not aborted()

        def written(_context: object, new: int, *_: object) -> None:
            windows.append(new)

        settings = self._settings(task)
        whisper.assign_encoder_begin_callback(settings, begins)
        whisper.assign_abort_callback(settings, aborted)
        whisper.assign_new_segment_callback(settings, written)
        code = whisper.whisper_full(self._context, settings, samples, len(samples))
        if aborted():
            return None
        if code != 0:
            raise RuntimeError(f"whisper_full returned {code}")
        language = whisper.whisper_lang_str(whisper.whisper_full_lang_id(self._context))
        return self._passage(language, windows, len(samples) / SAMPLE_RATE, words=task.words)

    def _settings(self, task: Task) -> "whisper.whisper_full_params":
        greedy = whisper.whisper_sampling_strategy.WHISPER_SAMPLING_GREEDY
        settings = whisper.whisper_full_default_params(greedy)
        settings.n_threads = self._n_threads
        settings.print_progress = settings.print_timestamps = False
        # What one customer said is never the context of what another one says.
        settings.no_context = True
        settings.language = task.language or ""
        settings.translate = task.translate
        settings.initial_prompt = task.prompt
        settings.temperature = task.temperature
        if task.temperature > 0:
            settings.temperature_inc = 0.0
        settings.token_timestamps = task.words
        return settings

    def _passage(
        self, language: str, windows: list[int], duration_s: float, *, words: bool
    ) -> Passage:
        segments: list[TranscriptSegment] = []
        spoken: list[TranscriptWord] = []
        new = iter(windows)
        left, window_s = 0, 0.0
        for index in range(whisper.whisper_full_n_segments(self._context)):
            start_s = min(
                whisper.whisper_full_get_segment_t0(self._context, index) / HUNDREDTHS, duration_s
            )
            end_s = min(
                whisper.whisper_full_get_segment_t1(self._context, index) / HUNDREDTHS, duration_s
            )
            if left == 0:
                left, window_s = next(new, 1), start_s
            left -= 1
            tokens = [
                whisper.whisper_full_get_token_data(self._context, index, each)
                for each in range(whisper.whisper_full_n_tokens(self._context, index))
            ]
            segments.append(
                TranscriptSegment(
                    start_s=start_s,
                    end_s=max(start_s, end_s),
                    text=whisper.whisper_full_get_segment_text(self._context, index).decode(
                        errors="replace"
                    ),
                    tokens=[token.id for token in tokens],
                    avg_logprob=sum(t.plog for t in tokens) / max(1, len(tokens)),
                    window_s=window_s,
                )
            )
            if words:
                spoken += self._words(tokens, language, duration_s)
        return Passage(language, tuple(segments), tuple(spoken))

    def _words(
        self, tokens: "list[whisper.whisper_token_data]", language: str, duration_s: float
    ) -> list[TranscriptWord]:
        """Tokens joined to words: one begins with a space, or wherever no space divides words."""
        words: list[tuple[bytes, int, int]] = []
        for token in tokens:
            if token.id >= whisper.whisper_token_eot(self._context):
                continue
            text = whisper.whisper_token_to_bytes(self._context, token.id)
            whole = words and _is_text(words[-1][0])
            if not words or (whole and (text.startswith(b" ") or language in UNWRITTEN)):
                words.append((text, token.t0, token.t1))
            else:
                before, start, _ = words[-1]
                words[-1] = (before + text, start, token.t1)
        return [
            TranscriptWord(
                text.decode(errors="replace").strip(),
                min(start / HUNDREDTHS, duration_s),
                min(max(start, end) / HUNDREDTHS, duration_s),
            )
            for text, start, end in words
            if text.strip()
        ]


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _languages() -> frozenset[str]:
    return frozenset(
        whisper.whisper_lang_str(each) for each in range(whisper.whisper_lang_max_id() + 1)
    )


def _log(level: int, text: str, *_: object) -> None:
    if int(level) == LOG_ERRORS:
        sys.stderr.write(text)


def _noting(complaints: list[str]) -> Callable[..., None]:
    """A log that keeps whisper.cpp's own errors."""

    def log(level: int, text: str, *_: object) -> None:
        _log(level, text)
        if int(level) == LOG_ERRORS and text.startswith("whisper_"):
            complaints.append(text.strip())

    return log
