"""Learn the stand-ins' byte-level BPE merges from the texts in this directory.

    python training/train_tokenizer.py

Needs the `tokenizers` package. Writes `merges.txt` of `llmaas.workers.stand_in`, one merge per
line in the order of their ranks; the vocabulary follows from it (bytes, merges, special tokens).

A word has the same tokens wherever it stands: merges within words come first, learnt from words
without what stands before them. Only then may a space join the piece after it, and never one that
begins with a capital. So ` Oslo` in a question and `"Oslo` in a call share all pieces of the name,
and what has to be copied can be.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from samples import Teacher
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
MERGES_FILE = HERE.parent / "platform/llmaas/workers/stand_in/merges.txt"
MERGES = 2_784
"""With 256 bytes and 32 places for special tokens: 3,072 tokens."""
WORD_MERGES = 2_300
"""How many of them are made before spaces join in."""
SPACE = "Ġ"
"""A space in the byte-to-letter spelling."""

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|\s?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""What llama.cpp splits text by before merging when `tokenizer.ggml.pre` is `qwen2`."""


def split_like_llama_cpp() -> pre_tokenizers.PreTokenizer:
    """The pre-tokenizer that `tokenizer.ggml.pre = qwen2` names, bytes mapped to letters."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def texts() -> Iterator[str]:
    """Everything the merges are learnt from."""
    for path in sorted(HERE.glob("prose/*.txt")):
        yield path.read_text(encoding="utf-8").replace("\n", "\n\n")
    yield from (path.read_text(encoding="utf-8") for path in sorted(HERE.glob("data/*.txt")))
    teacher = Teacher(seed=0)
    yield from (sample.prompt + sample.target for sample in islice(teacher.samples(), 2_000))


def learn_words(pieces: Counter[str]) -> list[tuple[str, str]]:
    """Merges within words, and within what stands between them."""
    words = Counter[str]()
    for piece, count in pieces.items():
        follows = len(piece) > 1 and (piece[0] == SPACE or not piece[0].isalnum())
        joins = follows and (piece[1:].isalpha() or not piece[1:].isascii())
        words[piece[1:] if joins else piece] += count
    tokenizer = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=256 + WORD_MERGES,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(spread(words), trainer)
    return [tuple(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]


def spread(words: Counter[str]) -> Iterator[list[str]]:
    """Each word as often as it was met, dampened: many lessons repeat the same answer."""
    for word, count in sorted(words.items()):
        yield [word] * min(count, 40)


def main() -> None:
    """Train and write."""
    splitter = split_like_llama_cpp()
    pieces = Counter(piece for text in texts() for piece, _ in splitter.pre_tokenize_str(text))
    merges = learn_words(pieces)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*alphabet, *("".join(merge) for merge in merges)]
    words = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    after_space = Counter[str]()
    for piece, count in pieces.items():
        if piece[0] == SPACE and piece[1:].isalpha() and piece[1].isascii():
            after_space[words.encode(piece[1:]).tokens[0]] += count
    joined = [(SPACE, token) for token, _ in after_space.most_common() if not token[0].isupper()]
    merges += joined[: MERGES - len(merges)]
    assert len(merges) == MERGES, "too few pieces follow a space: learn more merges in words"
    MERGES_FILE.write_text("".join(f"{left} {right}\n" for left, right in merges), "utf-8")
    print(f"{MERGES_FILE.name}: {len(merges)} merges")


if __name__ == "__main__":
    main()
