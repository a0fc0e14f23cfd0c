"""check_behavior: an attack in pieces over several requests, and one prompt over and over."""

from collections.abc import Sequence

from llmaas.bundle.folding import fold
from llmaas.security.assessment import Engine
from llmaas.security.findings import Finding
from llmaas.security.history import TRACE_LENGTH, TRACES, Sent, Step
from llmaas.security.patterns import check_patterns
from llmaas.security.score import calibrated, rule_weight
from llmaas.security.traces import Lexicon
from llmaas.security.views import View

FRAGMENT_LENGTH = 400
"""Characters up to which a prompt can be a piece of an attack; longer ones are judged alone."""
MIXED_WEIGHT = 0.6
"""Rule weight that must lie across a boundary for the learned signal to be heard."""


def sent(prompt: str, digest: bytes, lexicon: Lexicon) -> Sent:
    """What is remembered of a prompt."""
    if len(prompt) > FRAGMENT_LENGTH:
        return Sent(digest, None)
    return Sent(digest, lexicon.trace(fold(prompt)[-TRACE_LENGTH:]))


def check_behavior(
    step: Step, prompt: str, engine: Engine, *, repetition_limit: int
) -> tuple[Finding, ...]:
    """What `prompt` is after those before it.

    A repetition is found at every multiple of `repetition_limit`, so that a loop is reported again
    but not at each request.
    """
    findings = []
    if step.run % repetition_limit == 0:
        findings.append(
            Finding("check_behavior", "identical_prompts", "repetition", 0.0, "sequence")
        )
    if step.run == 1 and step.before and len(prompt) <= FRAGMENT_LENGTH:
        crossing = fragments((*step.before, fold(prompt)), engine)
        if crossing is not None:
            findings.append(crossing)
    return tuple(findings)


def fragments(pieces: Sequence[str], engine: Engine) -> Finding | None:
    """An attack that ends in the last of the folded `pieces` and begins in one before it.

    The hit must cross the boundary to the last piece: trigger words that merely occur in several
    harmless prompts do not count.
    """
    pieces = pieces[-TRACES - 1 :]
    if not _any_rule_hits(pieces, engine):
        return None
    for count in range(2, len(pieces) + 1):
        for glue in (" ", ""):
            found = _crossing(pieces[-count:], glue, engine)
            if found is not None:
                return found
    return None


def _any_rule_hits(pieces: Sequence[str], engine: Engine) -> bool:
    """Whether a rule is found in any joining of the last pieces: one look spares most the rest.

    The longest joining with spaces holds the shorter ones as they are. Without spaces, a shorter
    one begins a word where the longer goes on with one, so each has a line of its own.
    """
    spaceless = ("".join(pieces[-count:]) for count in range(2, len(pieces) + 1))
    return engine.rules.found("\n".join((" ".join(pieces), *spaceless)).encode("utf-8", "replace"))


def _crossing(pieces: Sequence[str], glue: str, engine: Engine) -> Finding | None:
    joined = glue.join(pieces)
    boundary = len((glue.join(pieces[:-1])).encode())
    findings = check_patterns(View("sequence", joined), engine.rules)
    across = [each for each in findings if each.start < boundary < each.end]
    if not across:
        return None
    alone = [_rules_of(piece, engine) for piece in pieces]
    new = [each for each in across if not any(each.rule in rules for rules in alone)]
    if not new:
        return None
    weight = rule_weight(findings)
    if engine.model is None:
        score = calibrated(weight, flag_at=0.8, block_at=1.2)
    else:
        model = engine.model
        logit = model.logit(joined)
        value = logit + model.rule_weight * weight
        score = calibrated(value, flag_at=model.flag_at, block_at=model.block_at)
    if rule_weight(new) >= 1.0 or (rule_weight(new) >= MIXED_WEIGHT and score >= 0.5):
        strongest = max(new, key=lambda finding: finding.weight)
        return Finding(
            "check_behavior",
            f"fragmented-{strongest.rule}",
            strongest.family,
            strongest.weight,
            "sequence",
            flags=True,
        )
    return None


def _rules_of(piece: str, engine: Engine) -> frozenset[str]:
    return frozenset(f.rule for f in check_patterns(View("piece", piece), engine.rules))
