"""Where the images of a prompt are: cells in the KV memory, and their positions.

A prompt is a sequence of cells. Most hold a token; an image is a span of cells with embeddings. A
cell is usually one position further than the one before it, but with M-RoPE a whole image stands at
one, and what follows goes on behind its longer side.
"""

from dataclasses import dataclass
from hashlib import shake_128

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ImageSpan:
    """The cells of one image, or of one of the tiles it was cut into."""

    start: int
    """First cell."""
    length: int
    position: int
    """Of the first cell."""
    n_positions: int
    """What follows stands so many positions later."""
    causal: bool
    """Whether a cell sees only those before it; otherwise all have to be computed at once."""
    coordinates: NDArray[np.int32] | None = None
    """With M-RoPE: time, row, column and a fourth one of each cell, as if `position` were 0."""

    @property
    def end(self) -> int:
        """First cell that is not part of it."""
        return self.start + self.length

    def positions(self, start: int, count: int) -> NDArray[np.int32]:
        """Of `count` cells from the `start`-th one of the prompt on, as llama.cpp reads them."""
        first = start - self.start
        if self.coordinates is None:
            begin = self.position + first
            return np.arange(begin, begin + count, dtype=np.int32)
        rows = self.coordinates[:, first : first + count].copy()
        rows[:3] += self.position
        return rows.reshape(-1)


@dataclass(frozen=True)
class Layout:
    """The images of one prompt, in order."""

    spans: tuple[ImageSpan, ...] = ()

    def span_at(self, cell: int) -> ImageSpan | None:
        """The image of a cell; `None` for a token."""
        return next((span for span in self.spans if span.start <= cell < span.end), None)

    def run_end(self, cell: int, end: int) -> int:
        """Where the text or image of a cell ends, in a sequence that has `end` cells."""
        for span in self.spans:
            if cell < span.start:
                return min(span.start, end)
            if cell < span.end:
                return min(span.end, end)
        return end

    def position(self, cell: int) -> int:
        """Position of a cell, or of the one that will follow the last."""
        shift = 0
        for span in self.spans:
            if cell < span.end:
                if cell > span.start and span.coordinates is not None:
                    return span.position
                break
            shift += span.n_positions - span.length
        return cell + shift

    def whole(self, length: int) -> int:
        """As many of the first `length` cells as can be kept: no image is cut in two."""
        span = None if length <= 0 else self.span_at(length - 1)
        return length if span is None or length == span.end else span.start


TEXT_ONLY = Layout()


def image_cells(identity: bytes, piece: int, length: int) -> Tokens:
    """What stands for the cells of an image among the tokens of a prompt.

    Negative, so no token is like them, and drawn from the image's hash, so that prompts share a
    prefix beyond an image if it is the same one.
    """
    drawn = shake_128(identity + piece.to_bytes(4, "big")).digest(4 * length)
    return np.frombuffer(drawn, np.int32) | np.int32(-(2**31))
