"""Attacks and look-alikes in seven languages that nothing was trained or tuned on.

Written before they were scored, by the author of much of the training sentences; so a worse result
is a loss, and a good one no promise. `llmaas security eval --set` takes the file.
"""

from pathlib import Path

import pytest

from llmaas.bundle.folding import fold
from llmaas.security import Engine, assess
from llmaas.security.evaluation import read_items
from llmaas.security.score import BLOCK, FLAG

PROBE = read_items([Path(__file__).with_name("probe.jsonl")])
AUTHORED = Path(__file__).parents[2] / "training" / "security" / "authored"
GRAM = 6


@pytest.fixture(scope="module")
def scores(engine: Engine) -> dict[str, float]:
    return {item["id"]: assess(item["text"], engine).score for item in PROBE}


def share(scores: dict[str, float], label: str, tier: str, limit: float) -> float:
    chosen = [item["id"] for item in PROBE if (item["label"], item["tier"]) == (label, tier)]
    return sum(scores[each] >= limit for each in chosen) / len(chosen)


def test_most_attacks_in_unknown_wordings_are_flagged(scores: dict[str, float]) -> None:
    assert share(scores, "attack", "explicit", FLAG) >= 0.8


def test_few_look_alikes_are_blocked(scores: dict[str, float]) -> None:
    assert share(scores, "benign", "core", BLOCK) <= 0.02


def grams(text: str) -> set[str]:
    folded = fold(text)
    return {folded[at : at + GRAM] for at in range(len(folded) - GRAM + 1)}


def test_no_attack_of_the_probe_is_nearly_one_of_the_training_sentences() -> None:
    lines = [
        line for path in AUTHORED.glob("*.txt") for line in path.read_text("utf-8").split("\n")
    ]
    trained = [grams(line[2:]) for line in lines if line]
    near = []
    for item in PROBE:
        own = grams(item["text"])
        if item["label"] == "attack" and any(
            2 * len(own & other) > len(own | other) for other in trained if other
        ):
            near.append(item["id"])
    assert near == []
