"""The numbers at the beginning of a whisper.cpp file."""

import struct
from dataclasses import dataclass
from pathlib import Path

_MAGIC = 0x67676D6C
_HEADER = struct.Struct("<I11i")


@dataclass(frozen=True)
class GgmlHeader:
    """What memory depends on."""

    n_audio_ctx: int
    n_audio_state: int
    n_audio_head: int
    n_vocab: int
    n_text_ctx: int
    n_text_state: int
    n_text_layer: int
    n_mels: int


def read_ggml_header(path: Path) -> GgmlHeader:
    """Read the header of a Whisper model.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such file.
    """
    with path.open("rb") as file:
        data = file.read(_HEADER.size)
    if len(data) < _HEADER.size:
        raise ValueError(f"{path}: is cut off; pull the file again")
    magic, vocab, audio_ctx, audio_state, audio_head, _, *rest = _HEADER.unpack(data)
    text_ctx, text_state, _, text_layer, mels, _ = rest
    if magic != _MAGIC:
        raise ValueError(f"{path}: no whisper.cpp model; pull the file again")
    return GgmlHeader(
        n_audio_ctx=audio_ctx,
        n_audio_state=audio_state,
        n_audio_head=audio_head,
        n_vocab=vocab,
        n_text_ctx=text_ctx,
        n_text_state=text_state,
        n_text_layer=text_layer,
        n_mels=mels,
    )
