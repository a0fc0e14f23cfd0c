"""From findings and the learned logit to one score between 0 and 1."""

import math
from collections.abc import Iterable

from llmaas.security.findings import Finding

FAMILY_CAP = 2.0
TOTAL_CAP = 2.5
FLAG, BLOCK = 0.5, 0.8
"""The scores that `flag_at` and `block_at` of a model stand for."""
RULES_ONLY_FLAG, RULES_ONLY_BLOCK = 0.8, 1.2
"""Rule weights that stand for them where no learned signal is used."""


def rule_weight(findings: Iterable[Finding]) -> float:
    """Findings together: a rule counts once over its languages, a family is capped."""
    strongest: dict[str, Finding] = {}
    for finding in findings:
        name = finding.rule.partition(".")[0]
        if name not in strongest or strongest[name].weight < finding.weight:
            strongest[name] = finding
    families: dict[str, float] = {}
    for finding in strongest.values():
        families[finding.family] = families.get(finding.family, 0.0) + finding.weight
    return min(TOTAL_CAP, sum(min(FAMILY_CAP, weight) for weight in families.values()))


def calibrated(value: float, *, flag_at: float, block_at: float) -> float:
    """A logit on the scale of the policy: 0.5 at `flag_at`, 0.8 at `block_at`."""
    steps = (value - flag_at) / (block_at - flag_at)
    return 1.0 / (1.0 + math.exp(-min(40.0, max(-40.0, steps * math.log(BLOCK / (1 - BLOCK))))))
