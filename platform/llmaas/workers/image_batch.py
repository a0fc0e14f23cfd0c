"""A step of image cells: one batch of embeddings, which llama.cpp reads in place."""

import ctypes
from typing import Any

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from llmaas.workers.layout import ImageSpan
from llmaas.workers.projector import Embeddings
from llmaas.workers.sequences import Sequence


class ImageBatch:
    """Consecutive cells of one image of one sequence.

    Args:
        seq_id: of the sequence.
        span: the image.
        embeddings: of the whole image.
        start: first cell of this step, counted from the prompt's start.
        count: of cells.
        output: whether the last one has an answer after it.
    """

    def __init__(
        self,
        seq_id: int,
        span: ImageSpan,
        embeddings: Embeddings,
        *,
        start: int,
        count: int,
        output: bool,
    ) -> None:
        first = start - span.start
        rows = np.ascontiguousarray(embeddings[first : first + count])
        outputs = np.zeros(count, np.int8)
        outputs[-1] = output
        seq_ids = np.array([seq_id], np.int32)
        arrays: dict[str, NDArray[Any]] = {
            "embd": rows,
            "pos": span.positions(start, count),
            "n_seq_id": np.ones(count, np.int32),
            "seq_id": np.full(count, seq_ids.ctypes.data, np.uint64),
            "logits": outputs,
        }
        self.causal = span.causal
        self._alive = (arrays, seq_ids)
        self._struct: Any = llama.llama_batch()
        self._struct.n_tokens = count
        kinds = dict(llama.llama_batch._fields_)
        for name, array in arrays.items():
            setattr(self._struct, name, ctypes.cast(array.ctypes.data, kinds[name]))

    def struct(self) -> Any:
        """llama.cpp's view of the arrays."""
        return self._struct


def image_batch(sequence: Sequence, count: int) -> tuple[ImageBatch, int]:
    """The next cells of a sequence, which are an image's, and where the logits will be; or -1."""
    prompt, start = sequence.prompt, sequence.n_past
    number, span = next(
        (number, span) for number, span in enumerate(prompt.layout.spans) if start < span.end
    )
    assert sequence.seq_id is not None
    last = count == sequence.pending
    batch = ImageBatch(
        sequence.seq_id, span, prompt.embeddings[number], start=start, count=count, output=last
    )
    return batch, count - 1 if last else -1
