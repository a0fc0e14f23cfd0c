"""Units to translate: `python -m llmaas.generators.site.prose.extract`.

Gathers them from the French pages into `messages/prose.pot` and merges that into the `.po` of each
language. A unit that changed keeps its old translation as a fuzzy one with the French it was made
from; it does not count until a reviewer has recorded the new French.
"""

import polib

from llmaas.generators.site.extract import merged
from llmaas.generators.site.prose.contents import paths, source
from llmaas.generators.site.prose.pages import PHRASES
from llmaas.generators.site.prose.texts import DOMAIN, prose_file
from llmaas.generators.site.prose.units import units
from llmaas.generators.site.texts import MESSAGES, SOURCE_LANGUAGE, languages_with_texts

TEMPLATE = MESSAGES / f"{DOMAIN}.pot"
METADATA = {
    "Project-Id-Version": "llmaas",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}


def source_units() -> dict[str, list[str]]:
    """French units in the order of the pages, and the pages each is in."""
    found: dict[str, list[str]] = {phrase: ["pages.py"] for phrase in PHRASES}
    for path in paths():
        for unit in units(source(path)):
            found.setdefault(unit, []).append(path)
    return found


def template_file() -> polib.POFile:
    """The `.pot`: no dates or line numbers in it, so that it changes with the texts alone."""
    file = polib.POFile(wrapwidth=100)
    file.metadata = METADATA
    for text, places in source_units().items():
        file.append(polib.POEntry(msgid=text, occurrences=[(place, "") for place in places]))
    return file


def main() -> None:
    """Write the template and bring every language up to it."""
    template = template_file()
    template.save(str(TEMPLATE))
    for language in languages_with_texts():
        if language == SOURCE_LANGUAGE:
            continue
        path = prose_file(language)
        known = polib.pofile(str(path), encoding="utf-8") if path.exists() else polib.POFile()
        known.metadata = {**METADATA, "Language": language}
        merged(template, known).save(str(path))


if __name__ == "__main__":
    main()
