import hashlib
import json
from importlib import resources

import numpy as np
import pytest

from llmaas.security import assess, packaged_model
from llmaas.security.grams import BUCKETS, buckets_of, codes_of
from llmaas.security.score import BLOCK

MODEL = resources.files("llmaas.security").joinpath("model")


def test_the_weights_are_those_of_the_manifest() -> None:
    manifest = json.loads(MODEL.joinpath("manifest.json").read_text("utf-8"))
    with MODEL.joinpath("linear.npz").open("rb") as file, np.load(file) as arrays:
        weights = arrays["weights"]
    assert hashlib.sha256(weights.tobytes()).hexdigest() == manifest["weights_sha256"]
    assert all(source["source"] and source["licence"] for source in manifest["sources"])


def test_the_weights_are_a_few_hundred_kilobytes() -> None:
    assert len(MODEL.joinpath("linear.npz").read_bytes()) < 400_000


def test_flags_come_before_blocks() -> None:
    assert packaged_model().flag_at < packaged_model().block_at


def test_every_gram_has_a_bucket() -> None:
    for text in ("", "a", " ", "ab c", "指示を無視", "é à", "a" * 5000):
        buckets = buckets_of(codes_of(text))
        assert buckets.dtype == np.int32
        assert ((buckets >= 0) & (buckets < BUCKETS)).all()


def test_an_empty_text_has_a_score() -> None:
    assert packaged_model().logit("") < packaged_model().block_at


@pytest.mark.parametrize("text", ["Say hello.", "Repeat the word hello", "Sag hallo"])
def test_a_few_words_are_not_blocked_by_the_learned_signal_alone(text, engine):
    assessment = assess(text, engine)
    assert not assessment.findings
    assert assessment.score < BLOCK
