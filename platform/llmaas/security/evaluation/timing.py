"""How long the layer takes: percentiles on ordinary text, the worst of adversarial text, growth."""

import time
from collections.abc import Sequence

from llmaas.security.assessment import Engine, assess
from llmaas.security.evaluation.adversarial import adversarial_texts

_SAMPLES = {200: 200, 4_096: 100, 500_000: 6}


def latency(benign: Sequence[str], engine: Engine) -> dict[str, object]:
    """Milliseconds of processor time of this thread, the best of nine runs (long texts: three).

    Texts are cut from the benign items one after the other, so every language and kind of the set
    is in.
    """
    pool = "\n".join(benign) or "The quick brown fox jumps over the lazy dog. "
    while len(pool) < 1_200_000:
        pool += "\n" + pool
    percentiles = {}
    for size, samples in _SAMPLES.items():
        step = max(1, (len(pool) - size) // samples)
        taken = sorted(
            _milliseconds(pool[at : at + size], engine) for at in range(0, step * samples, step)
        )
        percentiles[str(size)] = {
            "p50": round(taken[len(taken) // 2], 3),
            "p95": round(taken[min(len(taken) - 1, int(len(taken) * 0.95))], 3),
        }
    hostile = {
        name: round(_milliseconds(text, engine, runs=1), 1)
        for name, text in adversarial_texts(500_000).items()
    }
    small = _milliseconds(pool[:50_000], engine)
    return {
        "milliseconds_by_characters": percentiles,
        "adversarial_500000_ms": hostile,
        "worst_adversarial_500000_ms": max(hostile.values()),
        "growth_50000_to_500000": round(_milliseconds(pool[:500_000], engine) / small, 1),
    }


def _milliseconds(text: str, engine: Engine, runs: int = 3) -> float:
    best = float("inf")
    for _ in range(runs if len(text) > 10_000 else 3 * runs):
        began = time.thread_time()
        assess(text, engine)
        best = min(best, time.thread_time() - began)
    return best * 1000
