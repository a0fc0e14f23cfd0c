"""The first token of a model that was just loaded, so that no caller waits for it.

It reads the weights into memory once and proves that the model answers, not only that it loads.
"""

import wave
from contextlib import aclosing
from io import BytesIO

from llmaas.workers.lease import Lease
from llmaas.workers.protocol import Embed, Generate, Transcribe

_PROMPT = "Hello"


async def warm(lease: Lease) -> None:
    """Let the worker answer once.

    Raises:
        GenerationFailed: it loads and cannot answer.
    """
    if lease.served.spec.kind == "embedding":
        await lease.embed(Embed(0, [_PROMPT]))
        return
    if lease.served.spec.kind == "transcription":
        await lease.transcribe(Transcribe(stream=0, audio=_silence(), language="en"), _nothing)
        return
    async with aclosing(lease.generate(Generate(0, prompt=_PROMPT, max_tokens=1))) as answer:
        async for _ in answer:
            pass


def _silence() -> bytes:
    """A second of it."""
    rate = 16_000
    file = BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(rate)
        recording.writeframes(bytes(2 * rate))
    return file.getvalue()


async def _nothing(_seconds: float) -> None:
    """A warm-up is not billed."""
