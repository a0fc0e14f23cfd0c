"""The learned signal: a linear model over hashed n-grams. It sees wording that no rule lists.

The weights are package data with a manifest of their sources and licences (`model/`);
`training/security` makes both again from the labelled prompts.
"""

import math
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from llmaas.security.grams import LEAST, Buckets, Codes, buckets_of, codes_of

WHOLE = 3_600
WINDOW = 2_400
STRIDE = 1_600
VERY_LONG, WIDE_WINDOW, WIDE_STRIDE = 50_000, 3_600, 2_800
"""Characters. A short text is scored as a whole, a long one by its most suspicious window."""


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Quantised weights, one per bucket, and where the scores of prompts lie."""

    weights: NDArray[np.int8]
    """Small enough to stay in a processor's cache beside the automata of the rules."""
    scale: float
    intercept: float
    rule_weight: float
    """What one point of rule weight adds to the logit."""
    flag_at: float
    block_at: float
    """Logits (with rules) of the published flag and block thresholds, from cross-validation."""

    def logit(self, folded: str) -> float:
        """How much the text reads like an attack; about 0 at even odds."""
        return max(self._window_logit(window) for window in windows(codes_of(folded)))

    def _window_logit(self, codes: Codes) -> float:
        return float(self._sum(buckets_of(codes))) + self.intercept

    def _sum(self, buckets: Buckets) -> float:
        """The sum over distinct buckets, divided by the root of their number."""
        if len(buckets) == 0:
            return 0.0
        ordered = np.sort(buckets)
        first = np.ones(len(ordered), dtype=bool)
        np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
        distinct = ordered[first]
        total = float(self.weights[distinct].sum(dtype=np.float64))
        return self.scale * total / math.sqrt(max(LEAST, len(distinct)))


def windows(codes: Codes) -> list[Codes]:
    """The whole text, or overlapping windows of a long one."""
    if len(codes) <= WHOLE:
        return [codes]
    window, stride = (WINDOW, STRIDE) if len(codes) <= VERY_LONG else (WIDE_WINDOW, WIDE_STRIDE)
    return [codes[at : at + window] for at in range(0, len(codes) - (window - stride), stride)]


@cache
def packaged_model() -> LinearModel:
    """The model that is shipped with the software."""
    path = resources.files("llmaas.security").joinpath("model/linear.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return LinearModel(
            weights=arrays["weights"],
            scale=float(arrays["scale"]),
            intercept=float(arrays["intercept"]),
            rule_weight=float(arrays["rule_weight"]),
            flag_at=float(arrays["flag_at"]),
            block_at=float(arrays["block_at"]),
        )
