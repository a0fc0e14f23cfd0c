"""Translations of the prose: reviewed against the French text that is written today, or not used.

Every entry of `messages/prose.<language>.po` records who reviewed it and the French text that was
in front of them. When the French changes, the recorded text no longer matches: removing the fuzzy
mark alone makes nothing current.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polib

from llmaas.generators.site.prose.units import FIXED
from llmaas.generators.site.texts import MESSAGES, SOURCE_LANGUAGE, Missing

DOMAIN = "prose"
REVIEWER = "reviewer: "
SOURCE = "source: "


class ProseTexts:
    """The texts of one language; remembers what it had to leave in French."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.missing: set[Missing] = set()

    def translate(self, source: str) -> str:
        """The reviewed translation of a unit, or the French."""
        if self.language == SOURCE_LANGUAGE:
            return french(source)
        translated = reviewed(self.language).get(source)
        if translated is None:
            self.missing.add(Missing(self.language, "", source, DOMAIN))
            return french(source)
        return translated


def prose_file(language: str) -> Path:
    """Where the translations of a language are."""
    return MESSAGES / f"{DOMAIN}.{language}.po"


def french(text: str) -> str:
    """Unbreakable spaces where French wants them, outside code and placeholders."""
    parts = []
    end = 0
    for fixed in FIXED.finditer(text):
        parts += [_spaces(text[end : fixed.start()]), fixed[0]]
        end = fixed.end()
    return "".join((*parts, _spaces(text[end:])))


@cache
def reviewed(language: str) -> Mapping[str, str]:
    """Translations by source, of those whose review is of today's source."""
    path = prose_file(language)
    if not path.exists():
        return {}
    return {
        entry.msgid: entry.msgstr
        for entry in polib.pofile(str(path), encoding="utf-8")
        if is_current(entry)
    }


def translations_of(languages: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """The reviewed translations of several languages; the source has none."""
    return {each: reviewed(each) for each in languages if each != SOURCE_LANGUAGE}


def is_current(entry: polib.POEntry) -> bool:
    """Whether a translation was reviewed against the source it stands beside."""
    if not entry.msgstr or entry.fuzzy or entry.obsolete:
        return False
    recorded = review_of(entry)
    return bool(recorded.reviewer) and _unwrapped(recorded.source) == _unwrapped(entry.msgid)


@dataclass(frozen=True)
class Review:
    """Who compared a translation with which French text."""

    reviewer: str
    source: str


def review_of(entry: polib.POEntry) -> Review:
    """What the translator's comment records; empty where it records nothing."""
    _, _, after = entry.tcomment.partition(REVIEWER)
    reviewer, _, source = after.partition(SOURCE)
    return Review(reviewer.strip(), source.strip())


def review_comment(*, reviewer: str, source: str) -> str:
    """The comment that records a review."""
    return f"{REVIEWER}{reviewer}\n{SOURCE}{source}"


def _unwrapped(text: str) -> str:
    """The text without spaces: a saved comment is broken into lines, at hyphens too."""
    return "".join(text.split())


def _spaces(text: str) -> str:
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", text)
