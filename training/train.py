"""Train the stand-in that chats, thinks and calls tools, and write its weights.

    nice -n 19 python training/train.py --minutes 20 --output weights.npz

Needs torch and tokenizers beside the project itself. One thread, no accelerator; the same seed and
the same number of steps give the same weights on the same machine.
"""

import argparse
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from model import Model
from samples import Sample, Teacher
from tokenizers import Tokenizer
from tokens import read_tokenizer
from torch.nn import functional

SEED = 20
TOKENS_PER_BATCH = 5_000
POOL = 480
"""Samples drawn together and sorted by length, so that batches hold little padding."""
MOST_TOKENS = 768
CONTEXT = 8192

Row = tuple[list[int], int, list[int]]
"""Tokens, how many of them are the prompt, and their positions."""
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def encode(tokenizer: Tokenizer, sample: Sample) -> tuple[list[int], int]:
    """Tokens of prompt and target, and how many belong to the prompt."""
    prompt = tokenizer.encode(sample.prompt, add_special_tokens=False).ids
    target = tokenizer.encode(sample.target, add_special_tokens=False).ids
    return prompt + target, len(prompt)


def positions_of(sample: Sample, length: int, prompt: int, rng: random.Random) -> list[int]:
    """Positions 0, 1, 2, …; or with a leap in the prompt, so that long contexts are not new."""
    if not sample.jump:
        return list(range(length))
    leap = int(math.exp(rng.uniform(0, math.log(CONTEXT - length))))
    at = rng.randrange(prompt)
    return [position + leap * (position >= at) for position in range(length)]


def batch_of(rows: list[Row]) -> Batch:
    """Pad to the longest: tokens, positions, which tokens predict a target, and the targets."""
    length = max(len(tokens) for tokens, _, _ in rows) - 1
    inputs, positions = (np.zeros((len(rows), length), np.int64) for _ in range(2))
    wanted, targets = np.zeros((len(rows), length), bool), []
    for row, (tokens, prompt, places) in enumerate(rows):
        inputs[row, : len(tokens) - 1] = tokens[:-1]
        positions[row, : len(tokens) - 1] = places[:-1]
        wanted[row, prompt - 1 : len(tokens) - 1] = True
        targets += tokens[prompt:]
    return tuple(map(torch.from_numpy, (inputs, positions, wanted, np.array(targets))))  # type: ignore[return-value]


class Clock:
    """How far the training is, from 0 to 1: by steps where they are given, else by time."""

    def __init__(self, minutes: float, steps: int | None) -> None:
        self.minutes, self.steps, self.step = minutes, steps, 0
        self.begin = time.monotonic()

    def spent(self) -> float:
        """Minutes since the beginning."""
        return (time.monotonic() - self.begin) / 60

    def done(self) -> float:
        """Share of the training that is over."""
        return self.step / self.steps if self.steps else self.spent() / self.minutes


def batches(tokenizer: Tokenizer, seed: int, clock: Clock, *, easy: bool) -> Iterator[Batch]:
    """Batches without end; where the beginning is easy, harder through the first third."""
    teacher, rng = Teacher(seed), random.Random(seed)  # noqa: S311 - not for secrets
    while True:
        rows: list[Row] = []
        teacher.hardness = min(1.0, 3 * clock.done()) if easy else 1.0
        for _ in range(POOL):
            sample = teacher.sample()
            tokens, prompt = encode(tokenizer, sample)
            if len(tokens) <= MOST_TOKENS:
                rows.append((tokens, prompt, positions_of(sample, len(tokens), prompt, rng)))
        rows.sort(key=lambda row: len(row[0]))
        cuts: list[list[Row]] = [[]]
        for row in rows:
            if (len(cuts[-1]) + 1) * len(row[0]) > TOKENS_PER_BATCH:
                cuts.append([])
            cuts[-1].append(row)
        rng.shuffle(cuts)
        yield from map(batch_of, cuts)


def focal(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy, less where the model is sure already.

    Most tokens follow from the ones before as soon as an answer has begun; the few that decide
    which answer it is would drown among them. The optimisers do not mind the changing scale.
    """
    surprise = functional.cross_entropy(logits, targets, reduction="none")
    return ((1 - torch.exp(-surprise.detach())) * surprise).mean()


@torch.no_grad()
def held_out_accuracy(model: Model, tokenizer: Tokenizer) -> tuple[float, list[str]]:
    """Share of held-out questions whose greedy answer is right to the last token, and the others.

    Greedy decoding gives the target exactly when every token of it is the likeliest one after
    those before it, so one pass is enough.
    """
    wrong = []
    asked = Teacher(0).held_out()
    for start in range(0, len(asked), 50):
        part = asked[start : start + 50]
        rows = [(*encode(tokenizer, sample), list(range(2048))) for _, sample in part]
        rows = [(tokens, prompt, places[: len(tokens)]) for tokens, prompt, places in rows]
        inputs, positions, wanted, targets = batch_of(rows)
        right = (model(inputs, positions, wanted).argmax(-1) == targets).tolist()
        for (lesson, sample), (tokens, prompt, _) in zip(part, rows, strict=True):
            length = len(tokens) - prompt
            if not all(right[:length]):
                wrong.append(f"{lesson.language} {lesson.topic}: {sample.prompt.splitlines()[1]}")
            right = right[length:]
    return 1 - len(wrong) / len(asked), wrong


def train(clock: Clock, output: Path, *, rate: float, start: Path | None) -> None:
    """Train until the clock has run out, from random weights or from those of an earlier run."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    tokenizer, model = read_tokenizer(), Model()
    if start is not None:
        model.load_state_dict({k: torch.from_numpy(v) for k, v in np.load(start).items()})
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and n.startswith("blk.")]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or not n.startswith("blk.")]
    optimisers = (
        torch.optim.Muon(matrices, lr=rate, weight_decay=0.02, momentum=0.95),
        torch.optim.AdamW(others, lr=0.15 * rate, betas=(0.9, 0.95), weight_decay=0.0),
    )
    peaks = [group["lr"] for optimiser in optimisers for group in optimiser.param_groups]
    tokens_seen = 0
    for inputs, positions, wanted, targets in batches(tokenizer, SEED, clock, easy=start is None):
        step, done = clock.step, clock.done()
        if done >= 1:
            break
        factor = min(1.0, (step + 1) / 20) * (1 - done)
        for optimiser, peak in zip(optimisers, peaks, strict=True):
            optimiser.param_groups[0]["lr"] = peak * factor
            optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(inputs, positions, wanted)
        loss = focal(logits.float(), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        tokens_seen += inputs.numel()
        if step % 50 == 0:
            accuracy = held_out_accuracy(model, tokenizer)[0] if step % 200 == 0 else math.nan
            print(
                f"step {step}  {clock.spent():.1f} min  {tokens_seen / 1e6:.2f} M tokens  "
                f"loss {loss.item():.4f}  held out {accuracy:.1%}",
                flush=True,
            )
        if step % 200 == 199:
            save(model, output)
        clock.step += 1
    accuracy, wrong = held_out_accuracy(model, tokenizer)
    print(f"{step} steps, {tokens_seen / 1e6:.2f} M tokens; held out: {accuracy:.1%} exact")
    print("\n".join(wrong[:60]))
    save(model, output)


def save(model: Model, output: Path) -> None:
    """Write the weights by their names, which are those of GGUF."""
    weights = {name: weight.detach().numpy() for name, weight in model.named_parameters()}
    np.savez(output, **weights)  # type: ignore[arg-type]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    train(
        Clock(arguments.minutes, arguments.steps),
        arguments.output,
        rate=arguments.rate,
        start=arguments.start,
    )
