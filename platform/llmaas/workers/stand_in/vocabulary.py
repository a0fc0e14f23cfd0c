"""The tokens of the stand-ins: bytes, learnt merges, specials; and their place in a GGUF file."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

from gguf import GGUFWriter
from gguf.constants import TokenType

END_OF_TEXT = "<|endoftext|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
THINK_OPEN = "<think>"
THINK_CLOSE = "</think>"
CONTROL_TOKENS = (END_OF_TEXT, TURN_START, TURN_END)
MARKER_TOKENS = (
    THINK_OPEN,
    THINK_CLOSE,
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<tools>",
    "</tools>",
)
"""One token each, but text: they are part of what a model says."""
RESERVED = 32
"""Places for special tokens; the free ones are unused, so that the table's size is round."""


class Vocabulary(NamedTuple):
    """Tokens by id, in the byte-to-letter spelling of GPT-2's vocabularies."""

    tokens: list[str]
    types: list[TokenType]
    merges: list[str]

    def id(self, token: str) -> int:
        """Where a token stands."""
        return self.tokens.index(token)


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each byte, in the order of the bytes."""
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


@cache
def read_vocabulary() -> Vocabulary:
    """The vocabulary that the committed merges give."""
    text = files(__package__).joinpath("merges.txt").read_text(encoding="utf-8")
    merges = text.splitlines()
    specials = (*CONTROL_TOKENS, *MARKER_TOKENS)
    unused = tuple(f"<|unused_{i}|>" for i in range(RESERVED - len(specials)))
    tokens = [*byte_letters(), *(merge.replace(" ", "") for merge in merges), *specials, *unused]
    types = (
        [TokenType.NORMAL] * (256 + len(merges))
        + [TokenType.CONTROL] * len(CONTROL_TOKENS)
        + [TokenType.USER_DEFINED] * len(MARKER_TOKENS)
        + [TokenType.UNUSED] * len(unused)
    )
    return Vocabulary(tokens, types, merges)


def add_vocabulary(writer: GGUFWriter, *, add_bos: bool, eos: str) -> None:
    """Write the vocabulary into a GGUF file.

    Args:
        writer: the open file.
        add_bos: whether every prompt begins with the end-of-text token (a sentence encoder's CLS).
        eos: the token that ends an answer.
    """
    vocabulary = read_vocabulary()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    writer.add_token_merges(vocabulary.merges)
    writer.add_bos_token_id(vocabulary.id(END_OF_TEXT))
    writer.add_pad_token_id(vocabulary.id(END_OF_TEXT))
    writer.add_eos_token_id(vocabulary.id(eos))
    writer.add_add_bos_token(add_bos)
    writer.add_add_eos_token(False)
