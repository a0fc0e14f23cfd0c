"""Compiled rules over a folded text: which rules hit, and where.

RE2 only, so time is linear in the text whatever the pattern. `re2.Filter` looks for the literals
of its rules in one pass and runs only the rules whose literals are there; the combined automaton of
`re2.Set` is twenty times slower with bounded gaps. Two languages share a filter: the literals of
all in one make more states than RE2 keeps, and with a filter for each a text is read more often.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

import re2

from llmaas.security.traces import Lexicon

_CONTEXT = 64
"""Bytes before and after a find in which a negation counts."""
_FINDS = 8
"""Finds of one rule that are examined for a negation before the rule is given up."""
_QUOTED = 0.5
"""What a find between quotation marks counts: those who write about attacks quote them."""
_QUOTATION = 240
"""Bytes around a find in which its quotation marks stand."""
_COMMENT = 24
"""Bytes outside the quotation marks from which a text says something about what it quotes."""
_MEMORY = 64 << 20
"""Bytes for the states of one expression; past them RE2 forgets states and goes slower."""


class Rule(Protocol):
    """A rule as the bundle holds it (`llmaas.bundle.security.SecurityRule`)."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def weight(self) -> float: ...  # noqa: D102
    @property
    def pattern(self) -> str: ...  # noqa: D102
    @property
    def negation_before(self) -> str | None: ...  # noqa: D102
    @property
    def negation_after(self) -> str | None: ...  # noqa: D102


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
        languages: dict[str, list[Rule]] = {}
        for rule in rules:
            languages.setdefault(rule.id.partition(".")[2], []).append(rule)
        self.rules = tuple(rules)
        self.lexicon = Lexicon(rule.pattern for rule in rules)
        kinds = list(languages.values())
        pairs = zip_longest(kinds[::2], kinds[1::2], fillvalue=())
        self._groups = [_Group((*first, *second)) for first, second in pairs]

    def hits(self, folded: bytes) -> list[Hit]:
        """One hit per rule that is found without a negation: its first."""
        if not folded:
            return []
        return [hit for group in self._groups for hit in group.hits(folded)]

    def found(self, folded: bytes) -> bool:
        """Whether any rule is found, with or without a negation."""
        return any(group.found(folded) for group in self._groups)


class _Group:
    """The rules of two languages, behind one filter."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY
        self._rules = rules
        self._filter = re2.Filter()
        for rule in rules:
            self._filter.Add(rule.pattern, options)
        self._filter.Compile()
        self._expressions = [self._filter.re(index) for index in range(len(rules))]
        self._before = [_compiled(rule.negation_before, "(?:{})$") for rule in rules]
        self._after = [_compiled(rule.negation_after, "^(?:{})") for rule in rules]

    def found(self, folded: bytes) -> bool:
        return bool(self._filter.Match(folded))

    def hits(self, folded: bytes) -> list[Hit]:
        found = self._filter.Match(folded) or ()
        return [hit for index in found if (hit := self._first(index, folded)) is not None]

    def _first(self, index: int, folded: bytes) -> Hit | None:
        rule, expression = self._rules[index], self._expressions[index]
        before, after = self._before[index], self._after[index]
        position = 0
        quoted: Hit | None = None
        for _ in range(_FINDS):
            match = expression.search(folded, position)
            if match is None:
                return quoted
            start, end = match.span()
            if not (before and before.search(folded[max(0, start - _CONTEXT) : start])) and not (
                after and after.search(folded[end : end + _CONTEXT])
            ):
                if not (rule.negation_before and _is_quoted(folded, start, end)):
                    return Hit(rule.id, rule.family, rule.weight, start, end)
                weight = _QUOTED * rule.weight
                quoted = quoted or Hit(rule.id, rule.family, weight, start, end)
            position = start + 1
        return quoted


def _is_quoted(folded: bytes, start: int, end: int) -> bool:
    """Whether quotation marks enclose the find, and something is said about what they enclose."""
    opening = folded.rfind(b'"', max(0, start - _QUOTATION), start)
    closing = folded.find(b'"', end, end + _QUOTATION)
    if opening < 0 or closing < 0 or b"\n" in folded[opening:closing]:
        return False
    # An odd number of marks before it: the last one opens.
    marks = folded.count(b'"', max(0, start - _QUOTATION), start)
    return marks % 2 == 1 and len(folded) - (closing - opening) > _COMMENT


def _compiled(pattern: str | None, form: str) -> Any:
    """An RE2 expression over bytes; the binding has no public type for it."""
    return None if pattern is None else re2.compile(form.format(pattern).encode())
