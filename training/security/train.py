"""Train the learned signal of the prompt-security layer.

    python training/security/train.py PROMPTS.jsonl [--out platform/llmaas/security/model]

Reads labelled prompts (fields text, label, tier, lang, source, licence, group), reports what group
cross-validation and leaving one source out say, fixes the thresholds on the cross-validated scores,
fits on everything and writes `linear.npz` and `manifest.json`. Deterministic.
"""

import argparse
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from corpus import (
    FOLDS,
    LANGUAGES,
    TIER_WEIGHTS,
    Authored,
    Corpus,
    read_authored,
    read_corpus,
)
from logistic import Floats, Rows, fit
from numpy.typing import NDArray

from llmaas.catalog.security_rules import standard_rules
from llmaas.generators.compile.security_rules import compile_rules
from llmaas.security.assessment import Engine
from llmaas.security.rules import RuleSet

HERE = Path(__file__).parent
PENALTY = 0.02
STEPS = 60
RULE_WEIGHT = 2.5
FLAG_RATE, BLOCK_RATE = 0.0085, 0.0018
"""Shares of benign core prompts that the thresholds may flag and block, in cross-validation."""


def main() -> None:
    """See the module."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("prompts", type=Path)
    arguments.add_argument("--out", type=Path, default=Path("platform/llmaas/security/model"))
    options = arguments.parse_args()
    engine = Engine(RuleSet(compile_rules(standard_rules())), None)
    corpus = read_corpus(options.prompts, engine)
    authored = read_authored(HERE / "authored")

    def trained(items: NDArray[np.bool_]) -> tuple[NDArray[np.float32], float]:
        return fit_items(corpus, items, authored)

    fold = corpus.fold
    logits = np.zeros(len(corpus.owner))
    for number in range(FOLDS):
        held = fold == number
        _score(corpus, logits, held, *trained(~held))
    scores = _item_scores(corpus, logits)
    thresholds = _threshold(corpus, scores, FLAG_RATE), _threshold(corpus, scores, BLOCK_RATE)
    report = {
        "group_cross_validation": _figures(corpus, scores, thresholds),
        "leave_one_source_out": _leave_one_source_out(corpus, trained, thresholds[0]),
    }
    weights, intercept = trained(np.ones(len(corpus.items), dtype=bool))
    _write(
        options.out,
        corpus=corpus,
        weights=weights,
        intercept=intercept,
        thresholds=thresholds,
        report=report,
    )
    print(json.dumps(report["group_cross_validation"], indent=2))


def fit_items(
    corpus: Corpus, items: NDArray[np.bool_], authored: Authored
) -> tuple[NDArray[np.float32], float]:
    """Weights and intercept learnt from the chosen items and the authored sentences."""
    weight = corpus.weight[corpus.owner]
    chosen = np.flatnonzero(corpus.trains & items[corpus.owner] & (weight > 0))
    rows = corpus.rows.take(chosen)
    both = Rows(
        np.concatenate([rows.columns, authored.rows.columns]),
        np.concatenate([rows.starts, rows.starts[-1] + authored.rows.starts[1:]]),
        rows.width,
        rows.least,
    )
    target = np.concatenate(
        [corpus.is_attack[corpus.owner[chosen]].astype(float), authored.is_attack]
    )
    weights = np.concatenate([weight[chosen], authored.weight])
    return fit(both, target, weights, penalty=PENALTY, steps=STEPS)


def _score(
    corpus: Corpus,
    logits: Floats,
    items: NDArray[np.bool_],
    weights: NDArray[np.float32],
    intercept: float,
) -> None:
    """Fill in the logits of the rows of `items`."""
    held = np.flatnonzero(items[corpus.owner])
    logits[held] = corpus.rows.take(held).times(weights) + intercept


def _item_scores(corpus: Corpus, logits: Floats) -> Floats:
    """Per item, its most suspicious row: learned logit plus rules."""
    scores = np.full(len(corpus.items), -np.inf)
    np.maximum.at(scores, corpus.owner, logits + RULE_WEIGHT * corpus.rules)
    return scores


def _tier(corpus: Corpus, tier: str) -> NDArray[np.bool_]:
    return np.array([item["tier"] == tier for item in corpus.items])


def _language(corpus: Corpus, language: str) -> NDArray[np.bool_]:
    return np.array([item["lang"] == language for item in corpus.items])


def _threshold(corpus: Corpus, scores: Floats, rate: float) -> float:
    """The logit above which `rate` of the benign core lies."""
    core = np.sort(scores[_tier(corpus, "core")])[::-1]
    return float(core[int(rate * len(core))])


def _figures(corpus: Corpus, scores: Floats, thresholds: tuple[float, float]) -> dict[str, Any]:
    languages = np.isin([item["lang"] for item in corpus.items], LANGUAGES)
    explicit = _tier(corpus, "explicit") & languages
    flag = thresholds[0]
    return {
        "recall_at_false_positive_rate": {
            str(rate): round(float((scores[explicit] > _threshold(corpus, scores, rate)).mean()), 3)
            for rate in (0.002, 0.005, 0.01, 0.02)
        },
        "recall_per_language_at_flag": {
            language: round(
                float(
                    (scores[_tier(corpus, "explicit") & _language(corpus, language)] > flag).mean()
                ),
                3,
            )
            for language in LANGUAGES
        },
        "flagged_per_tier": {
            tier: round(float((scores[_tier(corpus, tier)] > flag).mean()), 4)
            for tier in sorted({item["tier"] for item in corpus.items})
        },
        "blocked_per_tier": {
            tier: round(float((scores[_tier(corpus, tier)] > thresholds[1]).mean()), 4)
            for tier in sorted({item["tier"] for item in corpus.items})
        },
    }


def _leave_one_source_out(corpus: Corpus, trained: Any, flag: float) -> dict[str, Any]:
    """Explicit attacks of a source flagged when the source was not in training (≥ 20 of them)."""
    sources = np.array(corpus.source)
    explicit = _tier(corpus, "explicit")
    counts = Counter(sources[explicit])
    report = {}
    for source, count in sorted(counts.items()):
        if count < 20:
            continue
        held = sources == source
        logits = np.full(len(corpus.owner), -np.inf)
        _score(corpus, logits, held, *trained(~held))
        chosen = held & explicit
        with_rules = _item_scores(corpus, logits)[chosen]
        report[source] = {"attacks": count, "flagged": round(float((with_rules > flag).mean()), 3)}
    return report


def quantised(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """Weights as bytes, and what one step of them is worth."""
    scale = float(np.abs(weights).max()) / 127
    return np.clip(np.round(weights / scale), -127, 127).astype(np.int8), scale


def _write(
    directory: Path,
    *,
    corpus: Corpus,
    weights: NDArray[np.float32],
    intercept: float,
    thresholds: tuple[float, float],
    report: dict[str, Any],
) -> None:
    small, scale = quantised(weights)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "linear.npz"
    np.savez_compressed(
        path,
        weights=small,
        scale=np.float32(scale),
        intercept=np.float32(intercept),
        rule_weight=np.float32(RULE_WEIGHT),
        flag_at=np.float32(thresholds[0]),
        block_at=np.float32(thresholds[1]),
    )
    used = [item for item in corpus.items if item["tier"] in TIER_WEIGHTS]
    licences = Counter((item["source"], item["licence"], item["label"]) for item in used)
    manifest = {
        "what": "Linear model over hashed character and word n-grams; logistic regression.",
        "command": "python training/security/train.py PROMPTS.jsonl",
        "weights_sha256": hashlib.sha256(small.tobytes()).hexdigest(),
        "training_ids_sha256": hashlib.sha256(
            "\n".join(sorted(str(item["id"]) for item in used)).encode()
        ).hexdigest(),
        "thresholds": {"flag_logit": thresholds[0], "block_logit": thresholds[1]},
        "parameters": {"penalty": PENALTY, "steps": STEPS, "tiers": TIER_WEIGHTS},
        "figures": report,
        "sources": [
            {"source": source, "licence": licence, "label": label, "items": count}
            for (source, licence, label), count in sorted(licences.items())
        ]
        + [{"source": "authored for this project", "licence": "Apache-2.0", "label": "both"}],
    }
    (directory / "manifest.json").write_text(
        json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
