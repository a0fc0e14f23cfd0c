"""Texts to translate, gathered from templates and code: `python -m llmaas.generators.site.extract`.

Writes `messages/site.pot` and merges it into the `.po` of each language. A text that changed keeps
its old translation as a fuzzy one, which does not count until a reviewer has recorded the new text.
"""

import difflib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import polib
from babel.messages.extract import extract_python
from jinja2.ext import babel_extract

from llmaas.generators.site.pages import TEMPLATES
from llmaas.generators.site.texts import MESSAGES, SOURCE_LANGUAGE, languages_with_texts

TEMPLATE = MESSAGES / "site.pot"
CODE = Path(__file__).parent
KEYWORDS = ["_", "N_"]
SIMILAR = 0.75


def source_texts() -> dict[str, list[str]]:
    """French texts in the order of the files, and the files each is in."""
    texts: dict[str, list[str]] = {}
    for file, text in _occurrences():
        places = texts.setdefault(text, [])
        if file not in places:
            places.append(file)
    return texts


def template_file() -> polib.POFile:
    """The `.pot`: no dates or line numbers in it, so that it changes with the texts alone."""
    file = polib.POFile(wrapwidth=100)
    file.metadata = {
        "Project-Id-Version": "llmaas",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for text, places in source_texts().items():
        file.append(polib.POEntry(msgid=text, occurrences=[(place, "") for place in places]))
    return file


def merged(template: polib.POFile, translated: polib.POFile) -> polib.POFile:
    """The texts of the template with their translations and reviews; a near match becomes fuzzy."""
    old = {entry.msgid: entry for entry in translated if not entry.obsolete}
    wanted = {entry.msgid for entry in template}
    leaving = [text for text in old if text not in wanted]
    result = polib.POFile(wrapwidth=100)
    result.metadata = translated.metadata
    for entry in template:
        new = polib.POEntry(msgid=entry.msgid, occurrences=entry.occurrences)
        if entry.msgid in old:
            known = old[entry.msgid]
            new.flags, new.previous_msgid = known.flags, known.previous_msgid
        elif near := difflib.get_close_matches(entry.msgid, leaving, 1, SIMILAR):
            known = old[near[0]]
            new.flags, new.previous_msgid = ["fuzzy"], near[0]
        else:
            known = polib.POEntry()
        new.msgstr, new.tcomment = known.msgstr, known.tcomment
        result.append(new)
    return result


def main() -> None:
    """Write the template and bring every language up to it."""
    template = template_file()
    template.save(str(TEMPLATE))
    for language in languages_with_texts():
        if language == SOURCE_LANGUAGE:
            continue
        path = MESSAGES / f"site.{language}.po"
        merged(template, polib.pofile(str(path), encoding="utf-8")).save(str(path))


def _occurrences() -> Iterator[tuple[str, str]]:
    for path in sorted(TEMPLATES.glob("*.jinja")):
        found = babel_extract(BytesIO(path.read_bytes()), KEYWORDS, [], {})
        yield from ((path.name, text) for _, _, message, _ in found if (text := _first(message)))
    for path in sorted(
        [*CODE.glob("*.py"), *CODE.glob("feeds/*.py"), *CODE.glob("interactive/*.py")]
    ):
        # Babel's annotation wants a mapping of keywords; its code only asks for membership.
        keywords: dict[str, None] = dict.fromkeys(KEYWORDS)
        messages = extract_python(BytesIO(path.read_bytes()), keywords, [], {})
        yield from ((path.name, text) for _, _, message, _ in messages if (text := _first(message)))


def _first(message: object) -> str:
    """The text itself; calls with further arguments are extracted as tuples."""
    if isinstance(message, tuple | list):
        return str(message[0] or "")
    return str(message or "")


if __name__ == "__main__":
    main()
