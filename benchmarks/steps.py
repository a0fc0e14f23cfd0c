"""What one step costs, by its rows: `python -m benchmarks.steps --directory …/models`.

The raw price list of a machine, without server or scheduler. It says what can be won by filling
rows, by guessing ahead (each guessed token is a row) and by larger pieces of prompts.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from benchmarks.synthetic import synthetic_model

from llmaas.workers.kv_plan import KvPlan, padded
from llmaas.workers.model import Batch, Context, Model, generation_context

ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
PIECES = (16, 32, 64, 128, 256, 512)
N_CTX = 1024


def seconds(context: Context, batch: Batch) -> float:
    """Of one step."""
    began = time.perf_counter()
    context.decode(batch)
    context.synchronize()
    return time.perf_counter() - began


def decode_cost(context: Context, batch: Batch, rows: int) -> float:
    """So many sequences get their next token."""
    context.clear()
    batch.clear()
    for seq_id in range(rows):
        batch.add(seq_id, np.zeros(1, np.int32), 0, output=True)
    return seconds(context, batch)


def prompt_cost(context: Context, batch: Batch, tokens: int) -> float:
    """One prompt, or a piece of it."""
    context.clear()
    batch.clear()
    batch.add(0, np.zeros(tokens, np.int32), 0, output=True)
    return seconds(context, batch)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, default=Path("benchmarks/.models"))
    parser.add_argument("--model", default="b114")
    parser.add_argument("--quantisation", default="Q8_0")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    weights = synthetic_model(arguments.directory, arguments.model, arguments.quantisation)
    most = max(ROWS)
    plan = KvPlan(unified=False, cells=padded(N_CTX) * most, n_ids=most)
    context = generation_context(
        Model(weights, n_gpu_layers=0),
        plan,
        n_ctx=N_CTX,
        n_seq_max=most,
        n_threads=arguments.threads,
    )
    batch = Batch(context.shape)
    for what, measure, sizes in (
        ("rows", decode_cost, ROWS),
        ("prompt tokens", prompt_cost, PIECES),
    ):
        # All sizes in turn, so that a busy moment meets none of them alone.
        runs = [[measure(context, batch, n) for n in sizes] for _ in range(arguments.repeats)]
        costs = np.median(runs, axis=0) * 1e3
        print(f"| {what} | {' | '.join(map(str, sizes))} |")
        print(f"| ms of a step | {' | '.join(f'{cost:.1f}' for cost in costs)} |")
        each = [cost / size for cost, size in zip(costs, sizes, strict=True)]
        print(f"| ms each | {' | '.join(f'{cost:.2f}' for cost in each)} |", flush=True)


if __name__ == "__main__":
    main()
