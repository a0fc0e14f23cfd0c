"""Translations carry words only: complete, reviewed, and without a figure of their own."""

import re

import polib
import pytest

from llmaas.generators.reviews import is_current, review_comment
from llmaas.generators.site.extract import TEMPLATE, merged, source_texts, template_file
from llmaas.generators.site.texts import MESSAGES, Texts, _read, languages_with_texts

TRANSLATED = ("en", "es", "de", "it")
ALLOWED_WITH_DIGITS = ("TLS 1.3",)


def entries(language):
    return polib.pofile(str(MESSAGES / f"site.{language}.po"), encoding="utf-8")


def words(language):
    return polib.pofile(str(MESSAGES / f"vocabulary.{language}.po"), encoding="utf-8")


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
def test_every_text_is_translated_and_reviewed_against_todays_french(language):
    reviewed = {entry.msgid for entry in entries(language) if is_current(entry)}
    assert [text for text in source_texts() if text not in reviewed] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_word_and_notice_is_reviewed_against_todays_french(language):
    french = {(e.msgctxt, e.msgid): e.msgstr for e in words("fr")}
    stale = [e.msgid for e in words(language) if not is_current(e, french[e.msgctxt, e.msgid])]
    notices = polib.pofile(str(MESSAGES / f"notices.{language}.po"), encoding="utf-8")
    assert [*stale, *(entry.msgid for entry in notices if not is_current(entry))] == []


def test_a_translation_whose_fuzzy_mark_was_merely_removed_is_not_used(monkeypatch, tmp_path):
    file = entries("de")
    entry = file.find("Modèles")
    entry.tcomment = review_comment(reviewer="A. Reviewer", source="Modèle")
    file.save(str(tmp_path / "site.de.po"))
    monkeypatch.setattr("llmaas.generators.site.texts.MESSAGES", tmp_path)
    assert _read.__wrapped__("site", "de").get(("", "Modèles")) is None
    assert _read.__wrapped__("site", "de")["", "Prix et paliers"] == "Preise und Stufen"


def test_another_french_word_asks_for_another_review_of_its_translations():
    entry = next(e for e in words("de") if (e.msgctxt, e.msgid) == ("phase", "retired"))
    assert is_current(entry, "Retiré")
    assert not is_current(entry, "Mis hors service")


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
