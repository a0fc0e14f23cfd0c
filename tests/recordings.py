"""Recordings of a tone, made with FFmpeg in the formats that the service reads."""

from functools import cache
from io import BytesIO
from typing import Any

import av
import numpy as np

FORMATS = {
    "wav": ("wav", "pcm_s16le", 16_000),
    "mp3": ("mp3", "mp3", 44_100),
    "m4a": ("ipod", "aac", 44_100),
    "aac": ("adts", "aac", 44_100),
    "flac": ("flac", "flac", 44_100),
    "ogg": ("ogg", "libopus", 48_000),
    "webm": ("webm", "libopus", 48_000),
}


@cache
def recording(seconds: float, ending: str = "wav") -> bytes:
    """So many seconds of 440 Hz, as a file with this ending."""
    container, codec, rate = FORMATS[ending]
    tone = np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 440 / rate).astype(np.float32)
    file = BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout="mono")
        fitting = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        size = stream.codec_context.frame_size or 1024
        for start in range(0, len(tone), size):
            frame = av.AudioFrame.from_ndarray(tone[None, start : start + size] / 3, "flt", "mono")
            frame.sample_rate, frame.pts = rate, start
            for fitted in fitting.resample(frame):
                output.mux(stream.encode(fitted))
        output.mux(stream.encode(None))
    return file.getvalue()
