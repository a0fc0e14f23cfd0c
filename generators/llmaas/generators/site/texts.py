"""Translations: French is written in the templates, the other languages in `messages/*.po`.

A text that has no reviewed translation stays French, and whoever asked for it is told, so that
the page can say so. Vocabulary (the words for phases, units, capabilities …) is keyed, in every
language including French; its translations were reviewed against the French word.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polib

from llmaas.generators.reviews import is_current

SOURCE_LANGUAGE = "fr"
MESSAGES = Path(__file__).parent.parent / "messages"


@dataclass(frozen=True, order=True)
class Missing:
    """A text without a translation. `context` is the vocabulary's category, or empty."""

    language: str
    context: str
    text: str
    domain: str = "site"

    def __str__(self) -> str:
        where = f"vocabulary.{self.language}.po: {self.context}/" if self.context else ""
        return f"{where or f'{self.domain}.{self.language}.po: '}{self.text}"


def languages_with_texts() -> tuple[str, ...]:
    """Languages a site can be built in."""
    translated = sorted(path.suffixes[0][1:] for path in MESSAGES.glob("site.*.po"))
    return (SOURCE_LANGUAGE, *translated)


def words_of(language: str) -> Collection[tuple[str, str]]:
    """Categories and keys for which a language has a word."""
    return _read("vocabulary", language).keys()


class Texts:
    """The texts of one language; remembers what it had to leave in French."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.missing: set[Missing] = set()

    def gettext(self, source: str) -> str:
        """The translation of a French text."""
        if self.language == SOURCE_LANGUAGE:
            return _french_spaces(source)
        translated = _read("site", self.language).get(("", source))
        if translated is None:
            self.missing.add(Missing(self.language, "", source))
            return _french_spaces(source)
        return translated

    def known_word(self, category: str, key: str) -> str | None:
        """The word for a key that may have none, such as a standard with a proper name."""
        return _read("vocabulary", self.language).get((category, key))

    def word(self, category: str, key: str) -> str:
        """The word of the vocabulary for a key of the catalogue, such as `phase`, `retired`."""
        own = _read("vocabulary", self.language).get((category, key))
        if own is not None:
            return own
        self.missing.add(Missing(self.language, category, key))
        return _read("vocabulary", SOURCE_LANGUAGE).get(
            (category, key), key.replace("-", " ").replace("_", " ")
        )


def _french_spaces(text: str) -> str:
    """Unbreakable spaces where French wants them, so that sources can be typed with plain ones."""
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", text)


@cache
def _read(domain: str, language: str) -> Mapping[tuple[str, str], str]:
    """Reviewed translations by context and source, and the French words of the vocabulary."""
    path = MESSAGES / f"{domain}.{language}.po"
    if not path.exists():
        return {}
    entries = {
        (entry.msgctxt or "", entry.msgid): entry
        for entry in polib.pofile(str(path), encoding="utf-8")
    }
    if language == SOURCE_LANGUAGE:
        return {key: entry.msgstr for key, entry in entries.items()}
    french = _read(domain, SOURCE_LANGUAGE)
    return {
        key: entry.msgstr for key, entry in entries.items() if is_current(entry, french.get(key))
    }
