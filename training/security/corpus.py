"""Labelled prompts, as rows for training: one per view window of a prompt."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from logistic import Rows, rows_of
from numpy.typing import NDArray

from llmaas.bundle.folding import fold
from llmaas.security.assessment import Engine
from llmaas.security.grams import BUCKETS, LEAST, buckets_of, codes_of
from llmaas.security.learned import windows
from llmaas.security.patterns import check_patterns
from llmaas.security.score import rule_weight
from llmaas.security.structure import check_structure
from llmaas.security.views import views

LANGUAGES = ("en", "fr", "es", "de", "it", "zh", "ja")
TIER_WEIGHTS = {
    "explicit": 1.0,
    "game": 1.0,
    "deepset": 0.3,
    "core": 1.0,
    "secdoc": 0.5,
    "system_role": 0.3,
}
"""How much an item counts in training. Obfuscated ones are decoded by the views; what needs context
(contextual) or an optimiser (suffix) would only teach the model to suspect ordinary words."""
AUTHORED_WEIGHT, SHORT_WEIGHT = 1.5, 1.0
"""What an authored sentence, and one of the few words of `short.txt`, counts."""
FOLDS = 5
_ATTACK_WINDOWS, _BENIGN_WINDOWS = 2, 4


@dataclass(frozen=True)
class Corpus:
    """Items, and the rows of their views: `owner` says whose row it is."""

    items: tuple[dict[str, Any], ...]
    rows: Rows
    owner: NDArray[np.int64]
    trains: NDArray[np.bool_]
    """Rows of the plain view, at most a few windows per item."""
    rules: NDArray[np.float64]
    """Rule weight of the view a row belongs to."""

    @property
    def is_attack(self) -> NDArray[np.bool_]:
        """Per item."""
        return np.array([item["label"] == "attack" for item in self.items])

    @property
    def weight(self) -> NDArray[np.float64]:
        """Per item, in training."""
        return np.array([TIER_WEIGHTS.get(item["tier"], 0.0) for item in self.items])

    @property
    def fold(self) -> NDArray[np.int64]:
        """Per item: near-duplicates share a group and therefore a fold."""
        return np.array([_number(str(item["group"])) % FOLDS for item in self.items])

    @property
    def source(self) -> list[str]:
        """Per item: where it comes from; derived items count with their origin."""
        return [str(item["source"]).removeprefix("derived from ") for item in self.items]


def read_corpus(path: Path, engine: Engine) -> Corpus:
    """Every item of a JSON Lines file, through the views and rules of the layer."""
    items = tuple(json.loads(line) for line in path.read_text("utf-8").split("\n") if line)
    documents, owner, rules, trains = [], [], [], []
    for number, item in enumerate(items):
        used: Counter[int] = Counter()
        limit = _ATTACK_WINDOWS if item["label"] == "attack" else _BENIGN_WINDOWS
        readings = views(item["text"])
        structure = check_structure(item["text"], readings[0].text)
        for index, view in enumerate(readings):
            weight = rule_weight((*structure, *check_patterns(view, engine.rules)))
            for window in windows(codes_of(view.text)):
                used[index] += 1
                documents.append(buckets_of(window))
                owner.append(number)
                rules.append(weight)
                trains.append(index == 0 and used[index] <= limit)
    rows = rows_of(documents, BUCKETS, LEAST)
    return Corpus(items, rows, np.array(owner), np.array(trains), np.array(rules))


@dataclass(frozen=True)
class Authored:
    """Sentences written for this project, which every model is trained with."""

    rows: Rows
    is_attack: NDArray[np.float64]
    weight: NDArray[np.float64]


def read_authored(directory: Path) -> Authored:
    """`+ attack` or `- benign`, a sentence per line; one file per language, and the short ones."""
    labels, weights, documents = [], [], []
    for path in sorted(directory.glob("*.txt")):
        weight = SHORT_WEIGHT if path.stem == "short" else AUTHORED_WEIGHT
        for line in path.read_text("utf-8").splitlines():
            labels.append(float(line.startswith("+")))
            weights.append(weight)
            documents.append(buckets_of(codes_of(fold(line[2:]))))
    return Authored(rows_of(documents, BUCKETS, LEAST), np.array(labels), np.array(weights))


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
