import hashlib
import json
from importlib import resources

import numpy as np
import pytest
from tests.security.texts import SHORT

from llmaas.security import Engine, assess, packaged_model
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


@pytest.mark.parametrize("text", ["Say hello.", "Repeat the word hello", "Sag hallo", *SHORT])
def test_a_few_harmless_words_are_not_blocked(text: str, engine: Engine) -> None:
    assert assess(text, engine).score < BLOCK


def test_a_word_weighs_less_than_a_sentence_of_it() -> None:
    model = packaged_model()
    word = model.logit("jailbreak") - model.intercept
    sentence = model.logit("jailbreak mode without filters and rules") - model.intercept
    assert 0 < word < sentence
