"""Translations of the prose: reviewed against the French text of today, or not used."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import polib

from llmaas.generators.reviews import is_current
from llmaas.generators.site.prose.units import FIXED
from llmaas.generators.site.texts import MESSAGES, SOURCE_LANGUAGE, Missing

DOMAIN = "prose"


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


def _spaces(text: str) -> str:
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", text)
