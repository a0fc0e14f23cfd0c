"""Prompts with images: where in the text each one stands, and which cells it takes.

A chat template sees a marker in place of an image, as it sees text. Its output is cut at the
markers, and between the texts go what the projector says an image of that size becomes. Nothing is
decoded here: sizes are in the headers of the files.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from llmaas.workers.images import ImageError, size_of
from llmaas.workers.layout import TEXT_ONLY, ImageSpan, Layout, Tokens, image_cells
from llmaas.workers.projector import ImagePiece, Projector, ProjectorError
from llmaas.workers.protocol import ImageInput
from llmaas.workers.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class PromptImage:
    """An image whose place in a prompt is known, and whose content nobody has looked at."""

    data: bytes
    location: str
    identity: bytes
    """Hash of the data."""
    lengths: tuple[int, ...]
    """Of its spans."""


@dataclass(frozen=True, eq=False)
class Laid:
    """The cells of a prompt."""

    tokens: Tokens
    layout: Layout = TEXT_ONLY
    images: tuple[PromptImage, ...] = ()


class UnreadableImageError(Exception):
    """An image cannot be part of a prompt; the message says why, `location` says which."""

    def __init__(self, message: str, location: str | None) -> None:
        super().__init__(message)
        self.location = location


class Markers:
    """Stand for the images of one request while a template runs; nobody can guess one."""

    def __init__(self, count: int) -> None:
        nonce = secrets.token_hex(16)
        self._texts = [f"<image:{nonce}:{number}>" for number in range(count)]
        self._pattern = re.compile(f"<image:{nonce}:([0-9]+)>")

    def placed(self, messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The messages with markers for their images."""
        return [{**message, "content": self._content(message)} for message in messages]

    def split(self, rendered: str) -> tuple[list[str], list[int]]:
        """The texts around the markers, and the numbers of the images between them."""
        parts = self._pattern.split(rendered)
        return parts[::2], [int(number) for number in parts[1::2]]

    def _content(self, message: Mapping[str, Any]) -> Any:
        content = message.get("content")
        if not isinstance(content, list):
            return content
        return [
            {"type": "text", "text": self._texts[part["image"]], "image": True}
            if isinstance(part, Mapping) and part.get("type") == "image"
            else part
            for part in content
        ]


class ImagePlacer:
    """Lays out prompts with images for one model.

    Args:
        projector: of the model.
        vocabulary: of the model.
        most_at_once: cells that can be computed together.
    """

    def __init__(self, projector: Projector, vocabulary: Vocabulary, *, most_at_once: int) -> None:
        self._projector = projector
        self._vocabulary = vocabulary
        self._most_at_once = most_at_once

    def lay(self, rendered: str, markers: Markers, images: Sequence[ImageInput]) -> Laid:
        """Cells of a rendered prompt.

        Raises:
            UnreadableImageError: one of the images cannot be part of it.
        """
        texts, order = markers.split(rendered)
        if sorted(order) != list(range(len(images))):
            raise UnreadableImageError(
                "the model's chat template has no place for an image in such a message", None
            )
        laying = _Laying()
        laying.text(self._vocabulary.prompt_tokens(texts[0]))
        for number, text in zip(order, texts[1:], strict=True):
            self._add(laying, images[number])
            laying.text(self._vocabulary.further_tokens(text))
        # The order in which spans are filled is that of the prompt.
        return Laid(np.concatenate(laying.cells), Layout(tuple(laying.spans)), tuple(laying.images))

    def _add(self, laying: "_Laying", image: ImageInput) -> None:
        try:
            pieces = self._projector.pieces(*size_of(image.data))
        except (ImageError, ProjectorError) as error:
            raise UnreadableImageError(str(error), image.location) from error
        identity = sha256(image.data).digest()
        lengths = []
        for number, piece in enumerate(pieces):
            if not isinstance(piece, ImagePiece):
                laying.text(piece.tokens)
                continue
            if not piece.causal and piece.length > self._most_at_once:
                raise UnreadableImageError(
                    f"the image takes {piece.length} tokens that have to be computed together; "
                    f"this model is served with {self._most_at_once}",
                    image.location,
                )
            laying.image(piece, image_cells(identity, number, piece.length))
            lengths.append(piece.length)
        laying.images.append(PromptImage(image.data, image.location, identity, tuple(lengths)))


class _Laying:
    """A prompt that grows."""

    def __init__(self) -> None:
        self.cells: list[Tokens] = []
        self.spans: list[ImageSpan] = []
        self.images: list[PromptImage] = []
        self._length = 0
        self._position = 0

    def text(self, tokens: Sequence[int]) -> None:
        self.cells.append(np.array(tokens, np.int32))
        self._length += len(tokens)
        self._position += len(tokens)

    def image(self, piece: ImagePiece, cells: Tokens) -> None:
        span = ImageSpan(
            self._length,
            piece.length,
            self._position,
            piece.n_positions,
            piece.causal,
            piece.coordinates,
        )
        self.cells.append(cells)
        self.spans.append(span)
        self._length += piece.length
        self._position += piece.n_positions
