"""A Whisper model whose weights are written by hand: it says one sentence, whatever it hears.

One layer each, in the shape of Whisper. Attention adds nothing, so the next token follows from the
last one alone: every token of the sentence has a dimension of its own, and the feed-forward layer
leads from it to the dimension of the next. The file is whisper.cpp's own format (ggml): numbers of
the model, mel filters, vocabulary, tensors.
"""

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

SENTENCE = (
    "Nothing was heard: stand-in weights write this about every recording, until the model's own "
    "weights are pulled."
)

MAGIC = 0x67676D6C
N_VOCAB = 51865
"""Of a model for many languages; the ids below follow from it."""
END_OF_TEXT = 50257
START = 50258
ENGLISH = 50259
TRANSLATE = 50358
TRANSCRIBE = 50359
NO_TIMESTAMPS = 50363
FIRST_TIMESTAMP = 50364
LAST_TIMESTAMP = N_VOCAB - 1
"""The end of the 30 seconds that the model looks at."""
BYTES = 256
"""The first tokens are the bytes, so that any prompt can be read; the sentence's words follow."""

N_AUDIO_CTX = 1500
N_TEXT_CTX = 448
N_STATE = 64
N_MELS = 80
N_FFT = 201
F32, F16 = 0, 1
GAIN = 10.0
"""How far the next token is ahead of the last one."""
THRESHOLD = 4.0
"""Below what a dimension has after the norm when it is the one that is on, above all others."""

Floats = NDArray[np.float64]


def write_transcription_model(file: BinaryIO) -> None:
    """Write the whole file."""
    numbers = (
        *(N_VOCAB, N_AUDIO_CTX, N_STATE, 1, 1),
        *(N_TEXT_CTX, N_STATE, 1, 1),
        *(N_MELS, F16),
    )
    file.write(struct.pack("<I11i", MAGIC, *numbers))
    file.write(struct.pack("<2i", N_MELS, N_FFT))
    file.write(np.zeros((N_MELS, N_FFT), np.float32).tobytes())
    tokens = [bytes([byte]) for byte in range(BYTES)] + _words()
    file.write(struct.pack("<i", len(tokens)))
    file.writelines(struct.pack("<I", len(token)) + token for token in tokens)
    for name, tensor, kind in _tensors():
        # Innermost dimension first.
        shape = tensor.shape[::-1]
        file.write(struct.pack("<3i", len(shape), len(name), kind))
        file.write(struct.pack(f"<{len(shape)}i", *shape) + name.encode())
        file.write(tensor.astype(np.float16 if kind == F16 else np.float32).tobytes())


def _words() -> list[bytes]:
    """The sentence in words, each with the space before it."""
    return [f" {word}".encode() for word in SENTENCE.split()]


def _successors() -> dict[int, int]:
    """Which token follows which."""
    words = range(BYTES, BYTES + len(_words()))
    said = [FIRST_TIMESTAMP, *words, LAST_TIMESTAMP, END_OF_TEXT]
    return {
        START: ENGLISH,
        TRANSCRIBE: FIRST_TIMESTAMP,
        TRANSLATE: FIRST_TIMESTAMP,
        NO_TIMESTAMPS: words[0],
    } | dict(pairwise(said))


def _tensors() -> Iterator[tuple[str, Floats, int]]:
    """Name, values with the innermost dimension last, and type of each tensor."""
    zeros = np.zeros
    yield "encoder.positional_embedding", zeros((N_AUDIO_CTX, N_STATE)), F32
    for conv, width in (("conv1", N_MELS), ("conv2", N_STATE)):
        yield f"encoder.{conv}.weight", zeros((N_STATE, width, 3)), F16
        yield f"encoder.{conv}.bias", zeros((N_STATE, 1)), F32
    yield from _norm("encoder.ln_post")
    yield from _block(
        "encoder.blocks.0", zeros((4 * N_STATE, N_STATE)), zeros((N_STATE, 4 * N_STATE))
    )

    successors = _successors()
    tokens = sorted({*successors, *successors.values()})
    assert len(tokens) <= N_STATE, "every token of the sentence has a dimension of its own"
    place = {token: dimension for dimension, token in enumerate(tokens)}
    embedding = zeros((N_VOCAB, N_STATE))
    up, down = zeros((4 * N_STATE, N_STATE)), zeros((N_STATE, 4 * N_STATE))
    for token, dimension in place.items():
        embedding[token, dimension] = 1
    for row, (token, successor) in enumerate(successors.items()):
        up[row, place[token]] = 1
        down[place[successor], row] = GAIN / (np.sqrt(N_STATE - 1) - THRESHOLD)
    yield "decoder.positional_embedding", zeros((N_TEXT_CTX, N_STATE)), F32
    yield "decoder.token_embedding.weight", embedding, F16
    yield from _norm("decoder.ln")
    yield from _block("decoder.blocks.0", up, down)
    yield from _attention("decoder.blocks.0.cross_attn")


def _block(name: str, up: Floats, down: Floats) -> Iterator[tuple[str, Floats, int]]:
    yield from _attention(f"{name}.attn")
    yield from _norm(f"{name}.mlp_ln")
    yield f"{name}.mlp.0.weight", up, F16
    yield f"{name}.mlp.0.bias", np.full(len(up), -THRESHOLD), F32
    yield f"{name}.mlp.2.weight", down, F16
    yield f"{name}.mlp.2.bias", np.zeros(len(down)), F32


def _attention(name: str) -> Iterator[tuple[str, Floats, int]]:
    """Attention that adds nothing."""
    yield from _norm(f"{name}_ln")
    for part in ("query", "key", "value", "out"):
        yield f"{name}.{part}.weight", np.zeros((N_STATE, N_STATE)), F16
        if part != "key":
            yield f"{name}.{part}.bias", np.zeros(N_STATE), F32


def _norm(name: str) -> Iterator[tuple[str, Floats, int]]:
    yield f"{name}.weight", np.ones(N_STATE), F32
    yield f"{name}.bias", np.zeros(N_STATE), F32
