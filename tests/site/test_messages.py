"""Translations carry words only: complete, reviewed, and without a figure of their own."""

import re

import polib
import pytest

from llmaas.generators.site.extract import TEMPLATE, merged, source_texts, template_file
from llmaas.generators.site.texts import MESSAGES, Texts, languages_with_texts

TRANSLATED = ("en", "es", "de", "it")
ALLOWED_WITH_DIGITS = ("TLS 1.3",)


def entries(language):
    return polib.pofile(str(MESSAGES / f"site.{language}.po"), encoding="utf-8")


def without_names(text):
    for name in ALLOWED_WITH_DIGITS:
        text = text.replace(name, "")
    return text


def fixed_parts(text):
    """What a translator must not touch: placeholders, code, link targets."""
    return sorted(re.findall(r"%\(\w+\)s|`[^`]*`|\]\([^)]*\)", text))


def test_the_template_holds_exactly_the_texts_of_the_pages():
    committed = [entry.msgid for entry in polib.pofile(str(TEMPLATE), encoding="utf-8")]
    assert committed == list(source_texts()), "run python -m llmaas.generators.site.extract"


def test_no_source_text_holds_a_digit():
    assert [text for text in source_texts() if re.search(r"\d", without_names(text))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language):
    reviewed = {e.msgid for e in entries(language) if e.msgstr and not e.fuzzy}
    assert [text for text in source_texts() if text not in reviewed] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_holds_a_digit(language):
    assert [e.msgstr for e in entries(language) if re.search(r"\d", without_names(e.msgstr))] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_and_code_are_the_same_in_every_translation(language):
    differing = [
        e.msgid for e in entries(language) if fixed_parts(e.msgid) != fixed_parts(e.msgstr)
    ]
    assert differing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_leaves_a_french_sentence(language):
    same = [e.msgid for e in entries(language) if e.msgid == e.msgstr and len(e.msgid.split()) > 3]
    assert same == []


def test_every_language_has_its_texts():
    assert languages_with_texts() == ("fr", "de", "en", "es", "it")


def test_a_changed_source_makes_its_translation_fuzzy_and_keeps_the_old_one():
    before = polib.POFile()
    before.append(polib.POEntry(msgid="Ce modèle est retiré du service", msgstr="Retired"))
    template = polib.POFile()
    template.append(polib.POEntry(msgid="Ce modèle est retiré du service."))
    (entry,) = merged(template, before)
    assert entry.fuzzy
    assert entry.msgstr == "Retired"
    assert entry.previous_msgid == "Ce modèle est retiré du service"


def test_merging_again_changes_nothing():
    template = template_file()
    for language in TRANSLATED:
        committed = entries(language)
        again = merged(template, committed)
        assert [(e.msgid, e.msgstr) for e in again] == [(e.msgid, e.msgstr) for e in committed]


def test_a_missing_translation_stays_french_and_is_reported():
    texts = Texts("de")
    assert texts.gettext("Ce texte n’existe pas.") == "Ce texte n’existe pas."
    assert [str(missing) for missing in texts.missing] == ["site.de.po: Ce texte n’existe pas."]


def test_french_gets_the_spaces_it_wants_before_punctuation():
    texts = Texts("fr")
    assert texts.gettext("Vrai ; « oui » : non ?") == (
        "Vrai\u00a0; «\u00a0oui\u00a0»\u00a0: non\u00a0?"
    )
    assert not texts.missing
