"""Where stand-in weights live and when they are made."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gguf import GGUFWriter

from llmaas.workers.stand_in.chat import write_chat_model
from llmaas.workers.stand_in.embedding import write_embedding_model
from llmaas.workers.stand_in.projector import ARCHITECTURE as PROJECTOR
from llmaas.workers.stand_in.projector import write_projector
from llmaas.workers.stand_in.transcription import write_transcription_model

VERSION = 6
"""Part of every file name: raise it with any change to what is written, and new files are made."""
N_CTX = 8192
"""Context of the generating stand-ins in tokens, as in the metadata of `weights.gguf`."""


@dataclass(frozen=True)
class StandIns:
    """The stand-in weights of one directory."""

    chat: Path
    """Answers at once; ChatML, tool calls in the Hermes format."""
    reasoning: Path
    """Thinks between `<think>` and `</think>` first, unless `enable_thinking` is false."""
    embedding: Path
    """768 dimensions, first-token pooling, 512 tokens of context."""
    projector: Path
    """Lets `chat` and `reasoning` take images; recognises nothing."""
    transcription: Path
    """whisper.cpp's format; one sentence for each 30 seconds."""
    n_ctx: int
    """Context of `chat` and `reasoning` in tokens."""


def make_stand_ins(directory: Path) -> StandIns:
    """Make the stand-in weights in `directory`, or find the ones already made there.

    The same program version makes the same bytes; two processes may do it at the same time.

    Raises:
        OSError: the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    chat = partial(write_chat_model, thinks=False)
    reasoning = partial(write_chat_model, thinks=True)
    return StandIns(
        chat=_made(directory, "chat", partial(_write_gguf, "llama", chat)),
        reasoning=_made(directory, "reasoning", partial(_write_gguf, "llama", reasoning)),
        embedding=_made(
            directory, "embedding", partial(_write_gguf, "bert", write_embedding_model)
        ),
        projector=_made(directory, "projector", partial(_write_gguf, PROJECTOR, write_projector)),
        transcription=_made(directory, "transcription", _write_whisper, suffix="bin"),
        n_ctx=N_CTX,
    )


def _made(
    directory: Path, role: str, write: Callable[[Path], None], *, suffix: str = "gguf"
) -> Path:
    """Write a file whole and then give it its name, so that nobody ever loads half of it."""
    path = directory / f"stand-in-{role}-v{VERSION}.{suffix}"
    if path.exists():
        return path
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=directory)
    os.close(handle)
    unfinished = Path(name)
    try:
        write(unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def _write_gguf(architecture: str, fill: Callable[[GGUFWriter], None], path: Path) -> None:
    writer = GGUFWriter(path, architecture)
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_whisper(path: Path) -> None:
    with path.open("wb") as file:
        write_transcription_model(file)
