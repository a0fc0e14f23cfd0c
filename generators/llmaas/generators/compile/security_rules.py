"""Rules of concepts become expressions: one per rule and language, on RE2 and on folded text."""

from collections.abc import Iterator

from llmaas.bundle.security import SecurityRule
from llmaas.catalog.security_rules import ConceptRule, PatternRule, RuleFile

WIDE = frozenset({"zh", "ja"})
"""Languages written without spaces: gaps are counted in characters, words have no boundaries."""
CHARACTERS_PER_WORD = 3
_BREAK = "[^a-z0-9.!?;]{1,3}"
_WIDE_GAP = "[^。!?\\n]"


def compile_rules(file: RuleFile) -> tuple[SecurityRule, ...]:
    """Every rule in every language that words its concepts, in the order of the file."""
    return (*_concept_rules(file), *map(pattern_rule, file.patterns))


def pattern_rule(rule: PatternRule) -> SecurityRule:
    """A rule that is an expression already."""
    return SecurityRule(
        id=rule.id,
        family=rule.family,
        weight=float(rule.weight),
        pattern=rule.pattern,
        negation_before=None,
        negation_after=None,
    )


def _concept_rules(file: RuleFile) -> Iterator[SecurityRule]:
    for rule in file.rules:
        for language in file.languages:
            sequences = rule.match_in.get(language, rule.match)
            if all(file.words(concept, language) for each in sequences for concept in each):
                yield SecurityRule(
                    id=f"{rule.id}.{language}",
                    family=rule.family,
                    weight=float(rule.weight),
                    pattern=_pattern(file, rule, sequences, language),
                    negation_before=_before(file, language) if rule.negated else None,
                    negation_after=_after(file, language) if rule.negated else None,
                )


def _pattern(
    file: RuleFile, rule: ConceptRule, sequences: tuple[tuple[str, ...], ...], language: str
) -> str:
    """An alternative per sequence, its concepts in order with at most `gap` between two."""
    gap = _gap(rule.gap, language)
    joined = [
        gap.join(_alternatives(file.words(concept, language), language) for concept in sequence)
        for sequence in sequences
    ]
    return "|".join(joined)


def _gap(words: int, language: str) -> str:
    if language in WIDE:
        return f"{_WIDE_GAP}{{0,{words * CHARACTERS_PER_WORD}}}"
    return f"(?:{_BREAK}[a-z0-9]+){{0,{words}}}{_BREAK}"


def _alternatives(words: tuple[str, ...], language: str) -> str:
    body = f"(?:{'|'.join(words)})"
    return body if language in WIDE else f"\\b{body}\\b"


def _before(file: RuleFile, language: str) -> str | None:
    """A negation right before a find, or one word away."""
    words = file.negation.before.get(language, ())
    if language not in WIDE:
        # `ignore` and `instructions` are words of several languages: so is a negation.
        words = tuple(
            word
            for code in file.negation.before
            if code not in WIDE
            for word in file.negation.before[code]
        )
    if not words:
        return None
    body = "|".join(words)
    if language in WIDE:
        return f"(?:{body}).{{0,2}}"
    apart = "[^a-z0-9.!?;]"
    # A whole word: `now` is not the Spanish `no`, and something follows it.
    return f"(?:^|[^a-z0-9])(?:{body})(?:{apart}{{0,2}}|{apart}{{1,2}}[a-z]+{apart}{{1,2}})"


def _after(file: RuleFile, language: str) -> str | None:
    words = file.negation.after.get(language, ())
    if not words:
        return None
    return f"[^a-z0-9]{{0,2}}(?:{'|'.join(words)})"
