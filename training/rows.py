"""Samples as rows of tokens, and rows as batches: what is read, and what is learnt to say."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from samples import Sample, Teacher
from tokenizers import Tokenizer

CONTEXT = 8192
MOST_TOKENS = 768
POOL = 480
"""Samples drawn together and sorted by length, so that batches hold little padding."""
TOKENS_PER_PART = 2_500
PARTS_PER_STEP = 2
TURN = "<|im_start|>assistant\n"
TURN_END = "<|im_end|>"


@dataclass(frozen=True)
class Row:
    """Tokens, which of them the model says itself, and their positions."""

    tokens: list[int]
    said: list[bool]
    positions: list[int]


@dataclass(frozen=True)
class Batch:
    """Rows of similar length."""

    inputs: torch.Tensor
    positions: torch.Tensor
    wanted: torch.Tensor
    """Which inputs are followed by something to learn."""
    targets: torch.Tensor
    """What follows those, in a row."""


def encode(tokenizer: Tokenizer, sample: Sample) -> tuple[list[int], list[bool]]:
    """Tokens of prompt and target, and which of them the model says, in earlier turns too."""
    parts: list[tuple[str, bool]] = []
    first, *turns = sample.prompt.split(TURN)
    parts.append((first, False))
    for turn in turns[:-1]:
        answer, rest = turn.split(TURN_END, 1)
        parts += [(TURN, False), (answer + TURN_END, True), (rest, False)]
    if turns:
        parts.append((TURN + turns[-1], False))
    parts.append((sample.target, True))
    tokens, said = [], []
    for text, own in parts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        tokens += ids
        said += [own] * len(ids)
    return tokens, said


def positions_of(sample: Sample, length: int, prompt: int, rng: random.Random) -> list[int]:
    """Positions 0, 1, 2, …; or with a leap in the prompt, so that long contexts are not new."""
    if not sample.jump:
        return list(range(length))
    leap = int(math.exp(rng.uniform(0, math.log(CONTEXT - length))))
    at = rng.randrange(prompt)
    return [position + leap * (position >= at) for position in range(length)]


def row_of(tokenizer: Tokenizer, sample: Sample, rng: random.Random) -> Row:
    """A row, and of most known answers only the beginning: that is where it is decided which."""
    tokens, said = encode(tokenizer, sample)
    prompt = len(said) - said[::-1].index(False)
    positions = positions_of(sample, len(tokens), prompt, rng)
    if sample.kind == "conversation" and rng.random() < 0.7:
        end = prompt + rng.randint(4, 36 if "</think>" in sample.target else 12)
        return Row(tokens[:end], said[:end], positions[:end])
    return Row(tokens, said, positions)


def repeated(rng: random.Random, ordinary: int) -> Row:
    """Tokens in any order that come again after others: said again, and so a lesson in copying.

    Often the tokens are few and come several times, as digits and the pieces of names do: then
    what follows can only be known from more than one token.
    """
    few = rng.random() < 0.6
    alphabet = rng.sample(range(ordinary), rng.randint(8, 40)) if few else range(ordinary)
    once = rng.choices(alphabet, k=rng.randint(6, 40))
    between = rng.choices(range(ordinary), k=rng.choice((0, 0, 5, 20, 60)))
    tokens = once + between + once
    told = len(tokens) - len(once) + 2
    return Row(tokens, [place >= told for place in range(len(tokens))], list(range(len(tokens))))


def batch_of(rows: list[Row]) -> Batch:
    """Pad to the longest."""
    length = max(len(row.tokens) for row in rows) - 1
    inputs, positions = (np.zeros((len(rows), length), np.int64) for _ in range(2))
    wanted, targets = np.zeros((len(rows), length), bool), []
    for place, row in enumerate(rows):
        size = len(row.tokens) - 1
        inputs[place, :size] = row.tokens[:-1]
        positions[place, :size] = row.positions[:-1]
        wanted[place, :size] = row.said[1:]
        targets += [token for token, own in zip(row.tokens[1:], row.said[1:], strict=True) if own]
    return Batch(*map(torch.from_numpy, (inputs, positions, wanted, np.array(targets))))


class Rows:
    """The batches of each step: a step of a seed is the same in every run."""

    def __init__(self, tokenizer: Tokenizer, seed: int) -> None:
        self.tokenizer, self.seed = tokenizer, seed
        self.teacher = Teacher(seed)
        self.ordinary = tokenizer.get_vocab_size() - len(tokenizer.get_added_tokens_decoder())

    def steps(self, pool: int, first: int, hardness: float) -> Iterator[list[Batch]]:
        """The steps that one pool of samples gives, from the `first` of them on."""
        rng = random.Random(f"{self.seed}/{pool}")  # noqa: S311 - not for secrets
        self.teacher.rng = rng
        self.teacher.hardness = hardness
        copies = 0.2 * (1 - hardness) + 0.04
        rows = []
        while len(rows) < POOL:
            if rng.random() < copies:
                rows.append(repeated(rng, self.ordinary))
                continue
            row = row_of(self.tokenizer, self.teacher.sample(), rng)
            if len(row.tokens) <= MOST_TOKENS:
                rows.append(row)
        rows.sort(key=lambda row: len(row.tokens))
        cuts: list[list[Row]] = [[]]
        for row in rows:
            if cuts[-1] and (len(cuts[-1]) + 1) * len(row.tokens) > TOKENS_PER_PART:
                cuts.append([])
            cuts[-1].append(row)
        rng.shuffle(cuts)
        for begin in range(first * PARTS_PER_STEP, len(cuts), PARTS_PER_STEP):
            yield [batch_of(cut) for cut in cuts[begin : begin + PARTS_PER_STEP]]
