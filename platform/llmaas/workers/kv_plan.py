"""How the KV memory of a model is laid out: one part per sequence, or one memory for all.

Split, each sequence has all of `n_ctx` for itself: no request can starve another, and unrelated
prompts are faster, because attention looks at one sequence's cells only. Unified, all sequences
share one memory: it may be much smaller than `n_ctx` × `n_seq_max`, and a shared prefix is stored
once. So the memory is split where that is cheap, and unified where whole contexts would not fit.
"""

from dataclasses import dataclass

SPLIT_BYTES = 2**30
"""A split memory of so many bytes is cheap on any machine that serves models."""
SHARE_OF_WEIGHTS = 0.5
"""And so is one that is small beside its weights."""
SHELF_BYTES = 2**30
"""So much, and as much as the KV memory itself, may be kept of what had to leave it."""
PADDING = 256
"""llama.cpp rounds the cells of a sequence up to a multiple of this."""
MAX_IDS = 256
"""Sequence ids of one llama.cpp context."""


@dataclass(frozen=True)
class KvPlan:
    """The layout of one context's KV memory."""

    unified: bool
    cells: int
    """Tokens it holds, of all sequences together."""
    n_ids: int
    """Sequence ids: those that run, and in a unified memory idle ones that keep their prefix."""


def plan_kv(
    *,
    n_ctx: int,
    n_seq_max: int,
    bytes_per_token: int,
    weights_bytes: int,
    unified: bool | None = None,
    cells: int | None = None,
) -> KvPlan:
    """Choose the layout.

    Args:
        n_ctx: tokens one sequence may have.
        n_seq_max: sequences that run together.
        bytes_per_token: KV memory of one token.
        weights_bytes: of the model.
        unified: decided by the catalogue; `None` leaves it to these rules.
        cells: of a unified memory, decided by the catalogue.
    """
    split_cells = padded(n_ctx) * n_seq_max
    allowance = max(SPLIT_BYTES, int(weights_bytes * SHARE_OF_WEIGHTS))
    if unified is None:
        unified = cells is not None or split_cells * bytes_per_token > allowance
    if not unified:
        return KvPlan(unified=False, cells=split_cells, n_ids=n_seq_max)
    affordable = allowance // max(bytes_per_token, 1)
    wanted = min(affordable, split_cells) if cells is None else cells
    # One request must always be able to use the context it was promised.
    return KvPlan(
        unified=True,
        cells=padded(max(n_ctx, wanted)),
        n_ids=min(MAX_IDS, max(4 * n_seq_max, n_seq_max + 16)),
    )


def shelf_bytes(plan: KvPlan, *, bytes_per_token: int) -> int:
    """Memory of the shelf, beside the KV memory."""
    return min(SHELF_BYTES, plan.cells * bytes_per_token)


def padded(n_ctx: int) -> int:
    """Cells llama.cpp really allocates for so many tokens."""
    return -(-n_ctx // PADDING) * PADDING
