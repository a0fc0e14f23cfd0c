"""Learn the stand-ins' byte-level BPE merges from the texts in this directory.

    python training/train_tokenizer.py

Needs the `tokenizers` package. Writes `merges.txt` of `llmaas.workers.stand_in`, one merge per
line in the order of their ranks; the vocabulary follows from it (bytes, merges, special tokens).
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from samples import Teacher
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
MERGES_FILE = HERE.parent / "platform/llmaas/workers/stand_in/merges.txt"
MERGES = 2_784
"""With 256 bytes and 32 places for special tokens: 3,072 tokens."""

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
    yield from (sample.prompt + sample.target for sample in islice(teacher.tool_samples(), 60))


def main() -> None:
    """Train and write."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = split_like_llama_cpp()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + MERGES, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts(), trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    MERGES_FILE.write_text("".join(f"{left} {right}\n" for left, right in merges), "utf-8")
    print(f"{MERGES_FILE.name}: {len(merges)} merges")


if __name__ == "__main__":
    main()
