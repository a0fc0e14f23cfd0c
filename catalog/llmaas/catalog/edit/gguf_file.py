"""The metadata of a GGUF file on this machine."""

from pathlib import Path
from typing import Any

from gguf import GGUFReader, LlamaFileType

from llmaas.catalog.edit.weights import WeightsFacts, weights_facts


def read_weights_file(path: Path) -> WeightsFacts:
    """What a GGUF file says about its model.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no GGUF file.
    """
    try:
        reader = GGUFReader(path)
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise ValueError("cut off, or no GGUF file") from error
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


def _quantisation(file_type: int | None) -> str | None:
    if file_type is None or file_type not in iter(LlamaFileType):
        return None
    return str(LlamaFileType(file_type).name).removeprefix("MOSTLY_").removeprefix("ALL_")
