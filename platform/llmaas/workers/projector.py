"""The projector of a model that sees: from pixels to embeddings, with llama.cpp's mtmd."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama
import llama_cpp.mtmd_cpp as mtmd
import numpy as np
from numpy.typing import NDArray

from llmaas.workers.gguf_header import read_gguf_header
from llmaas.workers.images import Pixels
from llmaas.workers.model import Model, ModelError, expect_errors, log_callback, refusal

Embeddings = NDArray[np.float32]
"""Cells × the width of the text model's input."""

PROBE_SIZES = ((2048, 2048), (4096, 1024), (1024, 4096))
"""Images that take about as many cells as any."""
_DEPENDS_ON_PLACE = frozenset({"deepseek4v", "hunyuanvl"})
"""Projectors whose cells depend on what is before the image; here an image is read by itself."""


@dataclass(frozen=True, eq=False)
class TextPiece:
    """Tokens that a model has before, between or after the parts of an image."""

    tokens: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ImagePiece:
    """Cells with embeddings: `ImageSpan` without its place in a prompt."""

    length: int
    n_positions: int
    causal: bool
    coordinates: NDArray[np.int32] | None


Piece = TextPiece | ImagePiece


class ProjectorError(Exception):
    """An image cannot be made into embeddings."""


class Projector:
    """A loaded projector.

    `pieces` may be called from any thread; `encode` from one at a time.

    Args:
        path: the GGUF file beside the weights of `model`.
        model: that reads what it makes.
        n_threads: for encoding.

    Raises:
        ModelError: with llama.cpp's reason.
    """

    def __init__(self, path: Path, model: Model, *, n_threads: int) -> None:
        if not path.is_file():
            raise ModelError(f"{path}: no such file")
        values = read_gguf_header(path).values
        kind = str(values.get("clip.projector_type") or values.get("clip.vision.projector_type"))
        if kind in _DEPENDS_ON_PLACE:
            raise ModelError(f"{path.name}: projectors of type {kind} are not served")
        mtmd.mtmd_helper_log_set(log_callback, None)
        params = mtmd.mtmd_context_params_default()
        params.use_gpu = model.on_gpu
        params.print_timings = False
        params.n_threads = n_threads
        expect_errors()
        self._handle: Any = mtmd.mtmd_init_from_file(str(path).encode(), model.handle, params)
        if not self._handle:
            raise refusal(f"{path} cannot be loaded beside {model.path.name}")
        if not mtmd.mtmd_support_vision(self._handle):
            raise ModelError(f"{path}: this projector reads no images")
        self._mrope = bool(mtmd.mtmd_decode_use_mrope(self._handle))
        self._n_embd: int = llama.llama_model_n_embd_inp(model.handle)

    @property
    def largest_at_once(self) -> int:
        """Cells that have to be computed together, at most; 0 where no image needs that."""
        pieces = [piece for size in PROBE_SIZES for piece in self.pieces(*size)]
        images = (piece for piece in pieces if isinstance(piece, ImagePiece))
        return max((piece.length for piece in images if not piece.causal), default=0)

    def pieces(self, width: int, height: int) -> tuple[Piece, ...]:
        """What an image of this size becomes, without looking at one.

        Raises:
            ProjectorError: it cannot be.
        """
        with self._chunks(width, height, None) as chunks:
            return tuple(self._piece(chunk) for chunk in chunks)

    def encode(self, pixels: Pixels) -> tuple[Embeddings, ...]:
        """The embeddings of an image, one array for each of its image pieces.

        Raises:
            ProjectorError: it cannot be.
        """
        height, width, _ = pixels.shape
        contiguous = np.ascontiguousarray(pixels)
        data = contiguous.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        with self._chunks(width, height, data) as chunks:
            return tuple(self._encoded(chunk) for chunk in chunks if _is_image(chunk))

    @contextmanager
    def _chunks(self, width: int, height: int, data: Any) -> Iterator[list[Any]]:
        bitmap = mtmd.mtmd_bitmap_init(width, height, data)
        chunks = mtmd.mtmd_input_chunks_init()
        try:
            part = mtmd.mtmd_input_part()
            part.bitmap = bitmap
            parts = (ctypes.POINTER(mtmd.mtmd_input_part) * 1)(ctypes.pointer(part))
            code = mtmd.mtmd_tokenize_from_parts(self._handle, chunks, parts, 1, False)
            if code != 0:
                raise ProjectorError(f"an image of {width} × {height} pixels cannot be prepared")
            count = mtmd.mtmd_input_chunks_size(chunks)
            yield [mtmd.mtmd_input_chunks_get(chunks, index) for index in range(count)]
        finally:
            mtmd.mtmd_input_chunks_free(chunks)
            mtmd.mtmd_bitmap_free(bitmap)

    def _piece(self, chunk: Any) -> Piece:
        if not _is_image(chunk):
            count = ctypes.c_size_t()
            tokens = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
            return TextPiece(tuple(tokens[: count.value]))
        length = mtmd.mtmd_input_chunk_get_n_tokens(chunk)
        return ImagePiece(
            length=length,
            n_positions=mtmd.mtmd_input_chunk_get_n_pos(chunk),
            causal=not mtmd.mtmd_decode_use_non_causal(self._handle, chunk),
            coordinates=_coordinates(chunk, length) if self._mrope else None,
        )

    def _encoded(self, chunk: Any) -> Embeddings:
        if mtmd.mtmd_encode_chunk(self._handle, chunk) != 0:
            raise ProjectorError("an image cannot be encoded; the worker's log says why")
        length = mtmd.mtmd_input_chunk_get_n_tokens(chunk)
        values = mtmd.mtmd_get_output_embd(self._handle)
        return np.ctypeslib.as_array(values, (length, self._n_embd)).copy()


def _is_image(chunk: Any) -> bool:
    return bool(mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE)


def _coordinates(chunk: Any, length: int) -> NDArray[np.int32]:
    image = mtmd.mtmd_input_chunk_get_tokens_image(chunk)
    positions = (mtmd.mtmd_decoder_pos * length)()
    mtmd.mtmd_helper_image_get_decoder_pos(image, 0, positions)
    return np.array([(p.t, p.y, p.x, p.z) for p in positions], np.int32).T.copy()
