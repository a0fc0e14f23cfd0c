"""The words that translators agreed on, and those they must not use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from llmaas.generators.site.texts import MESSAGES

FILE = MESSAGES / "glossary.yaml"


@dataclass(frozen=True)
class Term:
    """A French expression and what a translation of it holds, by language."""

    french: re.Pattern[str]
    translations: Mapping[str, re.Pattern[str]]


@dataclass(frozen=True)
class Glossary:
    """`messages/glossary.yaml`."""

    terms: tuple[Term, ...]
    forbidden: Mapping[str, tuple[re.Pattern[str], ...]]
    shared: Mapping[str, frozenset[str]]

    def missing(self, french: str, translated: str, language: str) -> tuple[str, ...]:
        """Agreed words that a translation does without."""
        return tuple(
            term.translations[language].pattern
            for term in self.terms
            if term.french.search(french)
            and language in term.translations
            and not term.translations[language].search(translated)
        )

    def false_friends(self, translated: str, language: str) -> tuple[str, ...]:
        """Words that are wrong in this language, wherever they stand."""
        return tuple(
            found[0]
            for expression in self.forbidden.get(language, ())
            if (found := expression.search(translated))
        )


@cache
def glossary() -> Glossary:
    """The glossary of this project."""
    written: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Glossary(
        terms=tuple(
            Term(
                _expression(term["fr"]),
                {key: _expression(value) for key, value in term.items() if key != "fr"},
            )
            for term in written["terms"]
        ),
        forbidden={
            language: tuple(_expression(each) for each in expressions)
            for language, expressions in written["forbidden"].items()
        },
        shared={language: frozenset(words) for language, words in written["shared"].items()},
    )


def _expression(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
