"""From the bytes of a recording to samples, with FFmpeg, a piece at a time and in memory only.

What a client sends is parsed by C code here, so this runs in a worker process. Containers are the
ones named below and no others: a play list, which FFmpeg would follow to files and addresses of
this machine, is none of them.
"""

from collections.abc import Callable, Iterator
from io import BytesIO

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from llmaas.bundle.audio import FORMATS, MAX_SECONDS

SAMPLE_RATE = 16_000
MIN_SAMPLE_RATE = 4_000
"""Of a recording; a telephone has 8000. One frame that claims few a second would become hours."""
MIN_SECONDS = 0.1
"""Less is no sound that a model can look at."""
CONTAINERS = "wav,mp3,mov,aac,flac,ogg,matroska"
"""FFmpeg's names; `mov` reads MP4 and M4A as well, `matroska` WebM."""

Samples = NDArray[np.float32]


class UnreadableError(Exception):
    """The recording cannot be transcribed; the message is for the one who sent it."""


class CancelledError(Exception):
    """Nobody waits for it any more."""


def duration(audio: bytes, cancelled: Callable[[], bool]) -> float:
    """Seconds of a recording, counted by decoding it: a header may say anything.

    Raises:
        UnreadableError: it is none that can be read, or too short or too long.
        CancelledError: as soon as `cancelled` says so.
    """
    samples = 0
    for piece in pieces(audio):
        samples += len(piece)
        if cancelled():
            raise CancelledError
        if samples > MAX_SECONDS * SAMPLE_RATE:
            raise UnreadableError(
                f"The recording is longer than {MAX_SECONDS // 60} minutes, the most that is "
                "transcribed at once. Send it in parts."
            )
    seconds = samples / SAMPLE_RATE
    if seconds < MIN_SECONDS:
        raise UnreadableError(
            f"The recording is {seconds:.2f} s long; {MIN_SECONDS} s is the least."
        )
    return seconds


def pieces(audio: bytes) -> Iterator[Samples]:
    """One channel of samples between -1 and 1, `SAMPLE_RATE` of them a second, in small pieces.

    Raises:
        UnreadableError: it is no recording, or broken.
    """
    try:
        with av.open(
            BytesIO(audio),
            "r",
            options={"format_whitelist": CONTAINERS, "protocol_whitelist": ""},
            metadata_errors="ignore",
        ) as container:
            if not container.streams.audio:
                raise UnreadableError("There is no sound in the file.")
            stream = container.streams.audio[0]
            resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
            for frame in container.decode(stream):
                if frame.sample_rate < MIN_SAMPLE_RATE:
                    raise UnreadableError(
                        f"The recording has {frame.sample_rate} samples a second; "
                        f"{MIN_SAMPLE_RATE} is the least."
                    )
                yield from _samples(resampler, frame)
            yield from _samples(resampler, None)
    except (av.FFmpegError, ValueError) as error:
        # Memory is short here as anywhere; what else FFmpeg complains of is the file's fault.
        if isinstance(error, MemoryError):
            raise
        raise UnreadableError(
            f"The file cannot be read as a recording. It has to be one of {', '.join(FORMATS)}."
        ) from error


def _samples(resampler: AudioResampler, frame: av.AudioFrame | None) -> Iterator[Samples]:
    for resampled in resampler.resample(frame):
        yield resampled.to_ndarray().reshape(-1).astype(np.float32, copy=False)
