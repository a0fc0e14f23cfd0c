"""Honest figures of the prompt-security layer: every item is judged by a model that never saw it.

    python benchmarks/security.py PROMPTS.jsonl [SESSIONS.jsonl …] > report.json

Group cross-validation in five folds (near-duplicates share a fold), the shipped thresholds, and
the whole pipeline with views, rules, transforms, sessions and latency. The report ends with
`wanted`, and a Markdown table of it goes to the standard error.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "security"))

from corpus import FOLDS, read_authored, read_corpus
from train import HERE, RULE_WEIGHT, fit_items, quantised

from llmaas.catalog.security_rules import standard_rules
from llmaas.generators.compile.security_rules import compile_rules
from llmaas.security import Engine, LinearModel, Policy, RuleSet, packaged_model
from llmaas.security.evaluation import evaluate, read_items


def main() -> None:
    """See the module."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("prompts", type=Path)
    arguments.add_argument("sessions", type=Path, nargs="*")
    arguments.add_argument(
        "--shares", type=Path, help="also write what was caught per tier, for the documentation"
    )
    options = arguments.parse_args()
    rules = RuleSet(compile_rules(standard_rules()))
    corpus = read_corpus(options.prompts, Engine(rules, None))
    authored = read_authored(HERE / "authored")
    shipped = packaged_model()
    fold = corpus.fold
    engines = []
    for number in range(FOLDS):
        weights, intercept = fit_items(corpus, fold != number, authored)
        model = LinearModel(
            *quantised(weights), intercept, RULE_WEIGHT, shipped.flag_at, shipped.block_at
        )
        engines.append(Engine(rules, model, clock=time.monotonic))
    fold_of = {item["id"]: int(number) for item, number in zip(corpus.items, fold, strict=True)}

    def engine_of(item: dict[str, Any]) -> Engine:
        return engines[fold_of.get(item.get("parent") or item["id"], 0)]

    items = read_items([options.prompts, *options.sessions])
    report = evaluate(
        items, engines[0], Policy(time_budget_s=60.0), with_latency=True, engine_of=engine_of
    )
    print(json.dumps(report, indent=2, ensure_ascii=False))
    if options.shares:
        options.shares.write_text(json.dumps(shares(report), indent=2) + "\n", "utf-8")
    print("| figure | measured | wanted | met |\n|---|---|---|---|", file=sys.stderr)
    for row in report["wanted"]:
        met = {True: "yes", False: "**no**", None: "–"}[row["met"]]
        print(f"| {row['what']} | {row['measured']} | {row['wanted']} | {met} |", file=sys.stderr)


def shares(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Percent caught and blocked per tier."""
    return {
        tier: {what: round(100 * row[what], 1) for what in ("caught", "blocked")}
        for tier, row in report["tiers"].items()
    }


if __name__ == "__main__":
    main()
