"""The loop that transcribes: one recording after the other, in the order in which they came."""

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from llmaas.workers.protocol import Failed, ToGateway, Transcribed
from llmaas.workers.queueing import RequestQueue
from llmaas.workers.transcription import audio
from llmaas.workers.transcription.model import Passage, Task, Whisper
from llmaas.workers.transcription.recording import transcribe

RETRY_AFTER_S = 30
"""When a refused recording is likely to find a place, as far as one can say."""


@dataclass(frozen=True)
class Recording:
    """A recording that can be read, and what to make of it."""

    stream: int
    audio: bytes
    task: Task


class TranscriptionEngine:
    """A step of it is 30 seconds of a recording.

    Args:
        model: owned by the loop.
        requests: where recordings arrive.
        emit: takes answers; may block.
    """

    def __init__(
        self,
        model: Whisper,
        requests: RequestQueue[Recording],
        emit: Callable[[list[ToGateway]], None],
    ) -> None:
        self._model = model
        self._requests = requests
        self._emit = emit
        self._step_began: float | None = None

    @property
    def step_age_s(self) -> float | None:
        """How long the current step has been running; `None` between recordings. Any thread."""
        began = self._step_began
        return None if began is None else time.monotonic() - began

    @property
    def retry_after_s(self) -> int:
        """When a refused request is likely to find a place."""
        return RETRY_AFTER_S

    def run(self) -> None:
        """Serve until the process ends."""
        waiting: deque[Recording] = deque()
        while True:
            waiting += self._requests.take(wait=not waiting)
            if waiting:
                self._serve(waiting.popleft())

    def _serve(self, recording: Recording) -> None:
        stream = recording.stream
        self._step_begins()
        try:
            heard = self._transcript(recording)
        except Exception:
            # What a recording does to the library must not end those that wait.
            traceback.print_exc(file=sys.stderr)
            message = "the recording could not be transcribed; the worker's log says why"
            answer: ToGateway | None = Failed(stream, "internal_error", message)
        else:
            answer = None  # nobody waits for it
            if heard is not None:
                answer = Transcribed(
                    stream=stream,
                    language=heard.language,
                    segments=list(heard.segments),
                    words=list(heard.words),
                )
        self._step_began = None
        self._requests.close(stream)
        if answer is not None:
            self._emit([answer])

    def _transcript(self, recording: Recording) -> Passage | None:
        aborted = partial(self._requests.is_cancelled, recording.stream)
        if aborted():
            return None
        run = partial(self._model.run, window_begins=self._step_begins, aborted=aborted)
        return transcribe(audio.pieces(recording.audio), recording.task, run)

    def _step_begins(self) -> None:
        self._step_began = time.monotonic()
