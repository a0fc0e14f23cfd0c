"""One text through the checks and the learned signal: a score with its reasons.

Pure and synchronous. The score does not depend on who asks, so it is cached per text; what it
leads to is the policy's business (`llmaas.security.screening`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from llmaas.security.findings import Finding
from llmaas.security.learned import LinearModel
from llmaas.security.patterns import check_patterns
from llmaas.security.rules import RuleSet
from llmaas.security.score import (
    RULES_ONLY_BLOCK,
    RULES_ONLY_FLAG,
    calibrated,
    rule_weight,
)
from llmaas.security.structure import check_structure, texts_in_json
from llmaas.security.views import View, views

LEARNED_VIEW_LIMIT = 8_000
"""Characters of a derived view that the learned signal reads; the plain view is read whole."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What a text is assessed with: compiled rules, weights, checks and a monotonic clock."""

    rules: RuleSet
    model: LinearModel | None
    checks: frozenset[str] = frozenset({"check_structure", "check_patterns"})
    disabled_rules: frozenset[str] = frozenset()
    clock: Callable[[], float] = lambda: 0.0


class ViewScore(msgspec.Struct, frozen=True):
    """How one view was judged."""

    view: View
    findings: tuple[Finding, ...]
    logit: float | None
    score: float


class Assessment(msgspec.Struct, frozen=True):
    """The strongest view decides the score; findings of all views are kept as reasons."""

    score: float
    views: tuple[ViewScore, ...]
    degraded: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of every view, the plain one's first."""
        return tuple(finding for each in self.views for finding in each.findings)

    def without_text(self) -> "Assessment":
        """The same, fit to be kept: the text of the views is gone."""
        bare = tuple(
            ViewScore(View(each.view.kind, ""), each.findings, each.logit, each.score)
            for each in self.views
        )
        return Assessment(self.score, bare, self.degraded)


def assess(raw: str, engine: Engine, *, deadline: float = float("inf")) -> Assessment:
    """Score a text. Past `deadline` the learned signal and further views are left out."""
    readings = views(raw)
    unescaped = texts_in_json(raw)
    if unescaped is not None:
        readings += [View(f"json+{view.kind}", view.text) for view in views(unescaped)]
    structure = check_structure(raw, readings[0].text) if "check_structure" in engine.checks else ()
    judged: list[ViewScore] = []
    degraded = False
    for index, view in enumerate(readings):
        if index and engine.clock() > deadline:
            degraded = True
            break
        late = engine.clock() > deadline
        degraded |= late
        judged.append(_judged(view, structure, engine, with_model=not late, first=index == 0))
    return Assessment(max(each.score for each in judged), tuple(judged), degraded)


def without_rules(assessment: Assessment, disabled: frozenset[str], engine: Engine) -> Assessment:
    """The same assessment for a policy under which some rules do not count."""
    if not disabled:
        return assessment
    # Findings about the characters are kept with the plain view and count for every view.
    structure = tuple(f for f in assessment.findings if f.check == "check_structure")
    judged = []
    for each in assessment.views:
        kept = _enabled(each.findings, disabled)
        counted = _enabled((*structure, *each.findings), disabled)
        score = _score(each.logit, rule_weight(counted), engine)
        judged.append(ViewScore(each.view, kept, each.logit, score))
    score = max(each.score for each in judged)
    return Assessment(score, tuple(judged), assessment.degraded)


def _enabled(findings: tuple[Finding, ...], disabled: frozenset[str]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.rule.partition(".")[0] not in disabled)


def _score(logit: float | None, weight: float, engine: Engine) -> float:
    if logit is None or engine.model is None:
        return calibrated(weight, flag_at=RULES_ONLY_FLAG, block_at=RULES_ONLY_BLOCK)
    model = engine.model
    value = logit + model.rule_weight * weight
    return calibrated(value, flag_at=model.flag_at, block_at=model.block_at)


def _judged(
    view: View, structure: tuple[Finding, ...], engine: Engine, *, with_model: bool, first: bool
) -> ViewScore:
    patterns = check_patterns(view, engine.rules) if "check_patterns" in engine.checks else ()
    kept = _enabled((*structure, *patterns), engine.disabled_rules)
    logit = None
    if engine.model is not None and with_model and "check_patterns" in engine.checks:
        logit = engine.model.logit(view.text if first else view.text[:LEARNED_VIEW_LIMIT])
    score = _score(logit, rule_weight(kept), engine)
    # Findings about the characters belong to the prompt; they are reported once.
    reported = kept if first else tuple(f for f in kept if f not in structure)
    return ViewScore(view, reported, logit, score)
