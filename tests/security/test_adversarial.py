"""Time grows with the length of a text and no faster, whatever is in it."""

import time

import pytest

from llmaas.security import Engine, assess
from llmaas.security.evaluation.adversarial import adversarial_texts

LARGE = adversarial_texts(500_000)
SMALL = adversarial_texts(50_000)
QUADRATIC = 60
"""Ten times the text costs a quadratic filter a hundred times as much; a linear one ten."""


def seconds(text: str, engine: Engine) -> float:
    began = time.thread_time()
    assess(text, engine)
    return time.thread_time() - began


@pytest.mark.parametrize("name", LARGE)
def test_ten_times_the_text_does_not_cost_a_hundred_times(engine: Engine, name: str) -> None:
    small = max(0.002, min(seconds(SMALL[name], engine) for _ in range(2)))
    assert seconds(LARGE[name], engine) / small < QUADRATIC


def test_there_are_twenty_worst_cases() -> None:
    assert len(LARGE) >= 20
