"""The metadata of a GGUF file, without loading it: a vocabulary of 150,000 takes 50 ms to skip."""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_MAGIC = b"GGUF"
_OLDEST_VERSION = 2
_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_LONGEST_KEPT_ARRAY = 4096
"""Per-layer values are kept, vocabularies are not."""


@dataclass(frozen=True)
class GgufHeader:
    """Scalars and short arrays of the metadata, by key."""

    values: Mapping[str, Any]
    array_lengths: Mapping[str, int]

    @property
    def architecture(self) -> str:
        """Prefix of the model's own keys."""
        return str(self.values.get("general.architecture", ""))

    @property
    def vocabulary_size(self) -> int:
        """Tokens; 0 where the file does not list them."""
        return self.array_lengths.get("tokenizer.ggml.tokens", 0)

    def integer(self, key: str) -> int | None:
        """A value of the architecture (`llama.block_count` for `block_count`)."""
        value = self.values.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else None

    def per_layer(self, key: str, n_layers: int) -> tuple[int, ...]:
        """A value that is one number for all layers or a list; empty when it is missing."""
        value = self.values.get(f"{self.architecture}.{key}")
        if isinstance(value, int):
            return (value,) * n_layers
        return tuple(value) if isinstance(value, list) else ()


def read_gguf_header(path: Path) -> GgufHeader:
    """Read the metadata.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no GGUF file, or is cut off within its header.
    """
    stat = path.stat()
    if stat.st_size == 0:  # cannot be mapped
        raise ValueError(f"{path}: is empty; pull the file again")
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, _size: int, _mtime_ns: int) -> GgufHeader:
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        try:
            return _Reader(data).header()
        except (struct.error, KeyError, OverflowError) as error:
            raise ValueError(f"{path}: no readable GGUF header; pull the file again") from error


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def header(self) -> GgufHeader:
        if self._data[:4] != _MAGIC:
            raise KeyError("magic")
        self._at = 4
        if self._scalar("<I") < _OLDEST_VERSION:
            raise KeyError("version")
        self._scalar("<Q")  # number of tensors
        values: dict[str, Any] = {}
        lengths: dict[str, int] = {}
        for _ in range(self._scalar("<Q")):
            key, kind = self._string(), self._scalar("<I")
            if kind == _ARRAY:
                lengths[key], values[key] = self._array()
            else:
                values[key] = self._string() if kind == _STRING else self._scalar(_SCALARS[kind])
        return GgufHeader(values, lengths)

    def _scalar(self, layout: str) -> Any:
        (value,) = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return value

    def _string(self) -> str:
        size = self._scalar("<Q")
        start, self._at = self._at, self._at + size
        return self._data[start : self._at].decode("utf-8", "replace")

    def _array(self) -> tuple[int, list[Any] | None]:
        kind, length = self._scalar("<I"), self._scalar("<Q")
        if kind == _STRING:
            for _ in range(length):
                self._at += 8 + struct.unpack_from("<Q", self._data, self._at)[0]
            return length, None
        layout = _SCALARS[kind]
        if length > _LONGEST_KEPT_ARRAY:
            self._at += length * struct.calcsize(layout)
            return length, None
        return length, [self._scalar(layout) for _ in range(length)]
