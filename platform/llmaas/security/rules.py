"""Compiled rules over a folded text: which rules hit, and where.

RE2 only, so time is linear in the text whatever the pattern. `re2.Filter` looks for the literals of all
rules in one pass and runs only the rules whose literals are there; the combined automaton of
`re2.Set` is twenty times slower with bounded gaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import re2

_CONTEXT = 40
"""Bytes before and after a find in which a negation counts."""
_FINDS = 8
"""Finds of one rule that are examined for a negation before the rule is given up."""


class Rule(Protocol):
    """A rule as the bundle holds it."""

    @property
    def id(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def weight(self) -> float: ...
    @property
    def pattern(self) -> str: ...
    @property
    def negation_before(self) -> str | None: ...
    @property
    def negation_after(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that was found, at byte offsets of the folded text."""

    rule: str
    family: str
    weight: float
    start: int
    end: int


class RuleSet:
    """Rules ready to run; immutable after construction, so threads may share it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Raises `re2.error` with the pattern where one does not compile."""
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 64 << 20
        self.rules = tuple(rules)
        self._filter = re2.Filter()
        for rule in self.rules:
            self._filter.Add(rule.pattern, options)
        if self.rules:
            self._filter.Compile()
        self._expressions = [self._filter.re(index) for index in range(len(self.rules))]
        self._before = [_anchored(rule.negation_before, "{}$") for rule in self.rules]
        self._after = [_anchored(rule.negation_after, "^{}") for rule in self.rules]

    def hits(self, folded: bytes) -> list[Hit]:
        """One hit per rule that is found without a negation: its first."""
        if not self.rules or not folded:
            return []
        found = self._filter.Match(folded) or ()
        return [hit for index in found if (hit := self._first(index, folded)) is not None]

    def _first(self, index: int, folded: bytes) -> Hit | None:
        rule, expression = self.rules[index], self._expressions[index]
        before, after = self._before[index], self._after[index]
        position = 0
        for _ in range(_FINDS):
            match = expression.search(folded, position)
            if match is None:
                return None
            start, end = match.span()
            if not (
                before and before.search(folded[max(0, start - _CONTEXT) : start])
            ) and not (after and after.search(folded[end : end + _CONTEXT])):
                return Hit(rule.id, rule.family, rule.weight, start, end)
            position = start + 1
        return None


def _anchored(pattern: str | None, form: str) -> "re2._Regexp[bytes] | None":
    if pattern is None:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1 if False else options.encoding
    return re2.compile(form.format(f"(?:{pattern})").encode(), options)
