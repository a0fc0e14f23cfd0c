"""Whether two generations are the same, as far as floating point lets them be.

The shape of a batch decides in which order numbers are added, so log probabilities differ in their
last digits, here and in every other engine. Two greedy answers agree when every token has the same
log probability within `ROUNDING` as long as they say the same, and where they part, both runs saw
both tokens within `ROUNDING` of each other: a tie that rounding decided.
"""

from itertools import pairwise

from llmaas.workers.protocol import TokenLogprob

ROUNDING = 0.02


def assert_agree(one: list[TokenLogprob], other: list[TokenLogprob]) -> bool:
    """Fail unless they agree; whether they said the same to the end."""
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        where = f"token {index}: {a} and {b}"
        assert abs(a.chosen.logprob - b.chosen.logprob) < ROUNDING, where
        if a.chosen.token != b.chosen.token:
            for seen in (a, b):
                tops = {top.token: top.logprob for top in seen.top}
                gap = abs(tops[a.chosen.token] - tops[b.chosen.token])
                assert gap < ROUNDING, where
                assert all(x.logprob >= y.logprob for x, y in pairwise(seen.top)), where
            return False
    assert len(one) == len(other)
    return True
