"""What changed against an earlier report, and what each rule adds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llmaas.security.assessment import Engine
from llmaas.security.evaluation.report import evaluate
from llmaas.security.verdict import Policy


def is_report(document: Any) -> bool:
    """Whether a document is a report that another can be compared with."""
    return isinstance(document, dict) and {"wanted", "errors"} <= document.keys()


def compared(report: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Ids that are newly blocked or newly missed, and figures that moved."""
    before = {row["what"]: row["measured"] for row in earlier["wanted"]}
    return {
        "newly_blocked_benign": sorted(
            set(report["errors"]["blocked_benign"]) - set(earlier["errors"]["blocked_benign"])
        ),
        "newly_missed_attacks": sorted(
            set(report["errors"]["missed_explicit"]) - set(earlier["errors"]["missed_explicit"])
        ),
        "moved": {
            row["what"]: {"before": before[row["what"]], "now": row["measured"]}
            for row in report["wanted"]
            if row["what"] in before and before[row["what"]] != row["measured"]
        },
    }


def gain_per_rule(
    items: Sequence[dict[str, Any]], engine: Engine, policy: Policy
) -> dict[str, dict[str, int]]:
    """By rule: attacks caught and benign prompts blocked less when it is switched off."""
    whole = _counts(items, engine, policy)
    rules = dict.fromkeys(rule.id.partition(".")[0] for rule in engine.rules.rules)
    gains = {}
    for rule in rules:
        without = _counts(items, replace(engine, disabled_rules=frozenset({rule})), policy)
        gains[rule] = {"caught": whole[0] - without[0], "blocked_benign": whole[1] - without[1]}
    return gains


def _counts(items: Sequence[dict[str, Any]], engine: Engine, policy: Policy) -> tuple[int, int]:
    prompts = [item for item in items if "text" in item]
    report = evaluate(prompts, engine, policy, with_latency=False, with_transforms=False)
    missed = len(report["errors"]["missed_explicit"])
    attacks = sum(item["tier"] == "explicit" for item in prompts)
    return attacks - missed, len(report["errors"]["blocked_benign"])
