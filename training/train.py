"""Train the stand-in that chats, thinks and calls tools, and write its weights.

    nice -n 19 python training/train.py --steps 1350 --output weights.npz

Needs torch and tokenizers beside the project itself. One thread, no accelerator. The same number
of steps gives the same bytes, in one run or in several: a run that was interrupted goes on from
`--checkpoint` where that file exists.
"""

import argparse
import time
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from model import Model
from places import UNSEEN
from rows import Batch, Row, Rows, batch_of, encode
from samples import Teacher
from tokenizers import Tokenizer
from tokens import read_tokenizer
from torch.nn import functional

WARM_UP = 30
LAST = 350
"""The steps at the end over which the rate falls to nothing, wherever the end is."""


@dataclass(frozen=True)
class Schedule:
    """How fast is learnt, and what, by steps."""

    rate: float
    """Of Muon, for the matrices; AdamW has a share of it, for the rest."""
    hard_after: int
    """Steps until samples are as hard as they get."""
    falls_from: int
    """From here to `falls_to` the rate falls to nothing, ever more slowly: batches are small, and
    late steps must not undo what was learnt. A training may end before."""
    falls_to: int

    def factor(self, step: int) -> float:
        """The share of the rate at a step."""
        left = min(1.0, (self.falls_to - step) / (self.falls_to - self.falls_from))
        return min(left**2, (step + 1) / WARM_UP)

    def hardness(self, step: int) -> float:
        """How hard samples are at a step, from 0 to 1."""
        return min(1.0, (step + 1) / self.hard_after)


FROM_NOTHING = Schedule(rate=0.02, hard_after=250, falls_from=300, falls_to=3000)
GOING_ON = Schedule(rate=0.007, hard_after=1, falls_from=200, falls_to=4000)


def focal(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy, less where the model is sure already.

    Most tokens follow from the ones before as soon as an answer has begun; the few that decide
    which answer it is would drown among them. The optimisers do not mind the changing scale.
    """
    surprise = functional.cross_entropy(logits, targets, reduction="none")
    return ((1 - torch.exp(-surprise.detach())) * surprise).sum()


@torch.no_grad()
def right(model: Model, tokenizer: Tokenizer, samples: list[Any]) -> list[bool]:
    """Which samples the model answers right to the last token.

    Greedy decoding gives the target exactly when every token of it is the likeliest one after
    those before it, so one pass is enough.
    """
    verdicts = []
    for start in range(0, len(samples), 20):
        rows = []
        for sample in samples[start : start + 20]:
            tokens, said = encode(tokenizer, sample)
            prompt = len(said) - said[::-1].index(False)
            own = [place >= prompt for place in range(len(tokens))]
            rows.append(Row(tokens, own, list(range(len(tokens)))))
        batch = batch_of(rows)
        logits = model(batch.inputs, batch.positions, batch.wanted)
        same = (logits.argmax(-1) == batch.targets).tolist()
        for row in rows:
            length = sum(row.said)
            verdicts.append(all(same[:length]))
            same = same[length:]
    return verdicts


def progress(model: Model, tokenizer: Tokenizer) -> str:
    """Shares of held-out questions and of calls for unseen places and numbers that are right."""
    teacher = Teacher(0)
    asked, typed = (
        [sample for _, sample in teacher.held_out(typed=typed)] for typed in (False, True)
    )
    unseen = teacher.tool_samples(lambda rng: rng.choice(UNSEEN))
    calls = list(islice((sample for sample in unseen if sample.kind == "call"), 200))
    shares = (np.mean(right(model, tokenizer, samples)) for samples in (asked, typed, calls))
    return "held out {:.1%}  as typed {:.1%}  calls {:.1%}".format(*shares)


class Run:
    """A training, as far as it has come."""

    def __init__(self, steps: int, start: Path | None, seed: int) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # nothing reads it
        self.steps, self.step, self.pool, self.part = steps, 0, 0, 0
        self.tokenizer, self.model = read_tokenizer(), Model()
        self.schedule = FROM_NOTHING
        if start is not None:
            self.schedule = GOING_ON
            self.model.load_state_dict(read_weights(start))
        self.rows = Rows(self.tokenizer, seed)
        named = list(self.model.named_parameters())
        matrices = [p for n, p in named if p.ndim == 2 and n.startswith("blk.")]
        others = [p for n, p in named if p.ndim != 2 or not n.startswith("blk.")]
        self.optimisers = (
            torch.optim.Muon(matrices, weight_decay=0.02, momentum=0.95),
            torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.0),
        )
        self.peaks = (self.schedule.rate, 0.15 * self.schedule.rate)

    def learn(self, batches: list[Batch]) -> float:
        """One step of the optimisers; the loss before it."""
        factor = self.schedule.factor(self.step) * min(1.0, (self.steps - self.step) / LAST)
        for optimiser, peak in zip(self.optimisers, self.peaks, strict=True):
            optimiser.param_groups[0]["lr"] = peak * factor
            optimiser.zero_grad()
        size = sum(len(batch.targets) for batch in batches)
        total = 0.0
        for batch in batches:
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.model(batch.inputs, batch.positions, batch.wanted)
            loss = focal(logits.float(), batch.targets) / size
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        return total

    def go_on(self, checkpoint: Path | None) -> None:
        """Train to the last step."""
        begin, tokens = time.monotonic(), 0
        for pool in count(self.pool):
            self.pool = pool
            hardness = self.schedule.hardness(self.step - self.part)
            for batches in self.rows.steps(pool, self.part, hardness):
                loss = self.learn(batches)
                self.step, self.part = self.step + 1, self.part + 1
                tokens += sum(batch.inputs.numel() for batch in batches)
                if self.step % 25 == 0:
                    minutes = (time.monotonic() - begin) / 60
                    judged = progress(self.model, self.tokenizer) if self.step % 400 == 0 else ""
                    print(
                        f"step {self.step}  {minutes:.1f} min  {tokens / 1e6:.2f} M tokens  "
                        f"loss {loss:.4f}  {judged}",
                        flush=True,
                    )
                if checkpoint is not None and self.step % 50 == 0:
                    self.keep(checkpoint)
                if self.step == self.steps:
                    return
            self.part = 0

    def keep(self, checkpoint: Path) -> None:
        """Write all that is needed to go on."""
        state = {
            "place": (self.step, self.pool, self.part),
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        unfinished = checkpoint.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(checkpoint)

    def take_up(self, checkpoint: Path) -> None:
        """Go on from there."""
        state = torch.load(checkpoint, weights_only=True)
        self.step, self.pool, self.part = state["place"]
        self.model.load_state_dict(state["model"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)


def read_weights(start: Path) -> dict[str, torch.Tensor]:
    """The weights of a GGUF file by their names, without what their export sharpened."""
    reader = GGUFReader(start)
    weights = {
        tensor.name: torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        for tensor in reader.tensors
    }
    if sharpness := reader.fields.get("llmaas.sharpness"):
        weights["output_norm.weight"] /= sharpness.contents()
    return weights


def save(model: Model, output: Path) -> None:
    """Write the weights by their names, which are those of GGUF."""
    weights = {name: weight.detach().numpy() for name, weight in model.named_parameters()}
    np.savez(output, **weights)  # type: ignore[arg-type]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--start", type=Path, help="a weights.gguf to go on from")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    run = Run(arguments.steps, arguments.start, arguments.seed)
    if arguments.checkpoint is not None and arguments.checkpoint.exists():
        run.take_up(arguments.checkpoint)
    run.go_on(arguments.checkpoint)
    save(run.model, arguments.output)
    print(progress(run.model, run.tokenizer))
