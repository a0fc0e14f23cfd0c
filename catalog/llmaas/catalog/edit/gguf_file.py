"""The metadata of a GGUF file on this machine."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gguf import GGUFReader, LlamaFileType

from llmaas.catalog.edit.weights import WeightsFacts, weights_facts

MAGIC = b"GGUF"


def read_weights_file(path: Path) -> WeightsFacts:
    """What a GGUF file says about its model.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no GGUF file.
    """
    try:
        return _facts(GGUFReader(path))
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError("cut off, or no GGUF file") from error


def read_weights_beginning(path: Path, arrived: int) -> WeightsFacts | None:
    """What the beginning of a GGUF file says about its model; `None` where more of it is needed.

    Args:
        path: a file as long as the whole, whose first bytes are right and whose others are 0.
        arrived: how many are right.

    Raises:
        ValueError: it is no GGUF file.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin like one")
    try:
        with _quiet():
            reader = GGUFReader(path)
    except (IndexError, KeyError, ValueError, OverflowError):
        return None  # zeros were read as if they meant something
    return _facts(reader) if reader.data_offset <= arrived else None


def _facts(reader: GGUFReader) -> WeightsFacts:
    metadata: dict[str, Any] = {
        name: field.contents()
        for name, field in reader.fields.items()
        if not name.startswith("tokenizer.") or name == "tokenizer.chat_template"
    }
    whole = metadata.get("split.count", 0) in {0, 1}
    n_parameters = sum(int(tensor.n_elements) for tensor in reader.tensors)
    return weights_facts(
        metadata,
        n_parameters=n_parameters if whole and n_parameters else None,
        quantisation=_quantisation(metadata.get("general.file_type")),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the reader's remarks on what it takes for keys to itself."""
    logger = logging.getLogger("gguf.gguf_reader")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _quantisation(file_type: int | None) -> str | None:
    if file_type is None or file_type not in iter(LlamaFileType):
        return None
    return str(LlamaFileType(file_type).name).removeprefix("MOSTLY_").removeprefix("ALL_")
