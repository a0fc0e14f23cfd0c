"""Text to tokens and tokens to bytes, with a model's own vocabulary. Safe from any thread."""

import ctypes
from collections.abc import Iterable
from typing import Any

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from llmaas.workers.model import Model


class Vocabulary:
    """The vocabulary of one model.

    Args:
        model: the loaded model.
        visible: texts whose control tokens are part of the output's text (reasoning markers);
            other control tokens have none.
    """

    def __init__(self, model: Model, *, visible: Iterable[str] = ()) -> None:
        self.handle: Any = model.vocab
        """llama.cpp's own."""
        self.n_vocab = model.n_vocab
        self.bos: int = llama.llama_vocab_bos(self.handle)
        self.eos: int = llama.llama_vocab_eos(self.handle)
        self._add_bos: bool = llama.llama_vocab_get_add_bos(self.handle)
        self._pieces: dict[int, bytes] = {}
        ends = [t for t in range(self.n_vocab) if llama.llama_vocab_is_eog(self.handle, t)]
        self.end_tokens: NDArray[np.intp] = np.array(ends, np.intp)
        """Every token that ends an answer."""
        self._ends = frozenset(ends)
        self._spelled: dict[int, bytes] = {}
        self._visible = frozenset(
            token for text in visible for token in self._tokenize(text, False)
        )

    def prompt_tokens(self, text: str) -> list[int]:
        """Tokens of a prompt to continue; control tokens in the text are recognised.

        A beginning-of-sequence token is added where the model wants one and the text, as a chat
        template often does, does not have it yet. No end-of-sequence token is ever added.
        """
        tokens = self._tokenize(text, add_special=False)
        if self._add_bos and self.bos >= 0 and tokens[:1] != [self.bos]:
            tokens.insert(0, self.bos)
        return tokens

    def further_tokens(self, text: str) -> list[int]:
        """Tokens of a later part of a prompt, behind an image."""
        return self._tokenize(text, add_special=False)

    def input_tokens(self, text: str) -> list[int]:
        """Tokens of a text to embed, with all the special tokens the model was trained with."""
        return self._tokenize(text, add_special=True, parse_special=False)

    def text_of(self, token: int) -> str:
        """A special token as chat templates write it; empty when the model has none."""
        if token < 0:
            return ""
        text: bytes = llama.llama_vocab_get_text(self.handle, token)
        return text.decode("utf-8", "replace")

    def ends_generation(self, token: int) -> bool:
        """Whether the model is done with this token."""
        return token in self._ends

    def piece(self, token: int) -> bytes:
        """The bytes a token adds to the output; not always whole characters."""
        piece = self._pieces.get(token)
        if piece is None:
            special = token in self._visible
            piece = self._pieces[token] = self._read_piece(token, special=special)
        return piece

    def spelled(self, tokens: Iterable[int]) -> str:
        """The text of tokens, control tokens written out; unknown ids are left out."""
        known = (token for token in tokens if 0 <= token < self.n_vocab)
        return b"".join(map(self._spelled_piece, known)).decode("utf-8", "replace")

    def _spelled_piece(self, token: int) -> bytes:
        piece = self._spelled.get(token)
        if piece is None:
            piece = self._spelled[token] = self._read_piece(token, special=True)
        return piece

    def _read_piece(self, token: int, *, special: bool) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = llama.llama_token_to_piece(self.handle, token, buffer, size, 0, special)
            if length >= 0:
                return buffer.raw[:length]
            size = -length

    def _tokenize(self, text: str, add_special: bool, parse_special: bool = True) -> list[int]:
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        while True:
            tokens = (llama.llama_token * size)()
            count = llama.llama_tokenize(
                self.handle, data, len(data), tokens, size, add_special, parse_special
            )
            if count >= 0:
                return list(tokens[:count])
            size = -count
