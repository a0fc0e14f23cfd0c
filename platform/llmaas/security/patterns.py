"""check_patterns: the rules of the catalogue over one view of a prompt."""

from itertools import pairwise

from llmaas.bundle import BuiltInRule
from llmaas.security.findings import Finding
from llmaas.security.rules import RuleSet
from llmaas.security.views import View

CHUNK = 2_400
OVERLAP = 400
"""Bytes. A long text is matched in chunks, because the literals of many rules occur somewhere in
any long text, but seldom near each other: ten times faster. The overlap is longer than any rule
reaches."""
REPEATS = 10
"""Times one word stands in a row before it is a repetition; songs and stammers stay below."""
_REPETITION: BuiltInRule = "repetition"
_REPETITION_WEIGHT = 1.0
_WORDS = 20_000
_STOPS = ".?!。？！"


def check_patterns(view: View, rules: RuleSet) -> tuple[Finding, ...]:
    """Every rule that is found in the view, once, and repetition."""
    data = view.text.encode("utf-8", "replace")
    found: dict[str, Finding] = {}
    for start in range(0, max(1, len(data) - OVERLAP), CHUNK - OVERLAP):
        chunk = data if len(data) <= CHUNK + OVERLAP else data[start : start + CHUNK]
        for hit in rules.hits(chunk):
            if hit.rule not in found:
                found[hit.rule] = Finding(
                    check="check_patterns",
                    rule=hit.rule,
                    family=hit.family,
                    weight=hit.weight,
                    view=view.kind,
                    start=start + hit.start,
                    end=start + hit.end,
                )
        if chunk is data:
            break
    if _repeats(view.text):
        found[_REPETITION] = Finding(
            "check_patterns", _REPETITION, "repetition", _REPETITION_WEIGHT, view.kind, flags=True
        )
    return tuple(found.values())


def _repeats(text: str) -> bool:
    """Whether a word stands `REPEATS` times in a row, with or without a mark after it."""
    words = text[: _WORDS * 8].split(None, _WORDS)
    run = 1
    for word, following in pairwise(words):
        run = run + 1 if word == following and word.rstrip(_STOPS).isalpha() else 1
        if run >= REPEATS:
            return True
    return False
