"""What a model costs on this machine, measured once before it serves: a second at most."""

import math
import time

import numpy as np

from llmaas.workers.model import Batch, Context
from llmaas.workers.prompt_budget import PromptBudget

PROMPT_TOKENS = 64
SECONDS = 1.0
"""For the costs of decode steps; a model that needs longer is not measured further."""
MOST_ROWS = 16
_REPEATS = 3


def calibrate(context: Context, *, measure_groups: bool) -> tuple[PromptBudget, list[float]]:
    """Measure prompt speed, and what a decode step of 0, 1, 2 … rows costs.

    The first step also reads the weights from disk, so that no request has to wait for that. On a
    GPU larger steps are always cheaper, and the list of costs is empty.
    """
    shape = context.shape
    batch = Batch(shape)
    budget = PromptBudget(most=shape.n_batch - shape.n_seq_max)
    tokens = np.zeros(min(PROMPT_TOKENS, shape.n_ctx - 1, shape.n_batch), np.int32)
    for _ in range(2):  # the first one warms up
        context.clear()
        batch.clear()
        batch.add(0, tokens, 0, output=True)
        seconds = _seconds(context, batch)
    budget.measured(prompt_tokens=len(tokens), decode_rows=0, seconds=seconds)
    costs = _decode_costs(context, batch) if measure_groups else []
    if len(costs) > 1:
        budget.measured(prompt_tokens=0, decode_rows=1, seconds=costs[1])
    context.clear()
    return budget, costs


def _decode_costs(context: Context, batch: Batch) -> list[float]:
    token = np.zeros(1, np.int32)
    began = time.monotonic()
    most = min(context.shape.n_seq_max, MOST_ROWS)
    costs = [0.0, *[math.inf] * most]
    # All sizes in turn, so that a moment in which the machine is busy meets none of them alone.
    for _ in range(_REPEATS):
        for rows in range(1, most + 1):
            context.clear()
            batch.clear()
            for seq_id in range(rows):
                batch.add(seq_id, token, 0, output=True)
            costs[rows] = min(costs[rows], _seconds(context, batch))
            if time.monotonic() - began > SECONDS:
                return [cost for cost in costs if cost < math.inf]
    return costs


def _seconds(context: Context, batch: Batch) -> float:
    began = time.monotonic()
    context.decode(batch)
    # On a GPU a step has only been ordered when `decode` returns.
    context.synchronize()
    return time.monotonic() - began
