"""The prose: one source, whole translations, and gates that notice what goes wrong in them."""

import re

import polib
import pytest
from tests.site.conftest import LANGUAGES, TODAY

from llmaas.generators.reviews import is_current, review_comment, review_of
from llmaas.generators.site import DocsError, build_site
from llmaas.generators.site.extract import merged
from llmaas.generators.site.prose.contents import paths, source
from llmaas.generators.site.prose.extract import TEMPLATE, source_units, template_file
from llmaas.generators.site.prose.fences import Fence, fences
from llmaas.generators.site.prose.gates import faults_of_pages, faults_of_units, numbers_of
from llmaas.generators.site.prose.texts import prose_file, reviewed
from llmaas.generators.site.prose.units import anchor, assemble, cut, units

TRANSLATED = ("en", "es", "de", "it")


@pytest.fixture(scope="module")
def translations():
    return {language: reviewed(language) for language in TRANSLATED}


def entries(language):
    return polib.pofile(str(prose_file(language)), encoding="utf-8")


def test_the_template_holds_exactly_the_units_of_the_pages():
    committed = [entry.msgid for entry in polib.pofile(str(TEMPLATE), encoding="utf-8")]
    assert committed == list(source_units()), "run python -m llmaas.generators.site.prose.extract"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_unit_is_translated_and_reviewed_against_todays_french(language):
    assert [entry.msgid for entry in entries(language) if not is_current(entry)] == []
    assert {entry.msgid for entry in entries(language)} == set(source_units())


@pytest.mark.parametrize("language", TRANSLATED)
def test_merging_again_changes_nothing(language):
    again = merged(template_file(), entries(language))
    assert [(e.msgid, e.msgstr, review_of(e)) for e in again] == [
        (e.msgid, e.msgstr, review_of(e)) for e in entries(language)
    ]


def test_the_gates_find_nothing_in_what_is_committed(translations, sites):
    assert [str(fault) for fault in faults_of_units(translations)] == []
    pages = {language: {p: sites[language].pages[p] for p in paths()} for language in LANGUAGES}
    assert [str(fault) for fault in faults_of_pages(pages)] == []


@pytest.mark.parametrize("path", paths())
def test_a_page_is_its_pieces(path):
    page = source(path)
    assert (
        "".join(piece.text for piece in cut(page)).split()
        == re.sub(
            r"^description: (.*)$", r'description: "\1"', page, count=1, flags=re.MULTILINE
        ).split()
    )


def test_headings_keep_the_address_of_the_source():
    page = assemble("## Réserver l’œuvre à l’été ?\n", lambda _: "Reserve the work")
    assert page == "## Reserve the work { #reserver-l-oeuvre-a-l-ete }\n"
    assert anchor("`GET /v1/models` en détail") == "en-detail"


def test_code_tables_and_html_reach_no_translator():
    page = (
        '# Titre\n\n```python\nprint("code")\n```\n\n<div class="x">\n\n'
        "| Colonne | `code` | {{ price | money }} |\n| --- | --- | ---: |\n\n"
        "{% if supports('vision') %}\n- un point\n{% endif %}\n"
    )
    assert units(page) == ("Titre", "Colonne", "un point")


def test_lines_are_wrapped_without_being_a_change():
    assert units("Un texte\nsur deux lignes.\n") == units("Un texte sur\ndeux lignes.\n")


def test_a_fence_in_a_tab_loses_its_indentation():
    page = '=== "curl"\n\n    ```bash\n    curl x\n      -d y\n    ```\n\n```json\n{}\n```\n'
    assert fences(page) == (Fence("bash", "curl x\n  -d y\n"), Fence("json", "{}\n"))


def test_numbers_are_the_same_however_a_language_writes_them():
    assert numbers_of("0,90 € le 30 décembre 2026, 262\u202f144") == numbers_of(
        "€0.90 on December 30, 2026 and 262,144"
    )


# -- a changed source ---------------------------------------------------------------------------


def template_of(*texts):
    file = polib.POFile()
    for text in texts:
        file.append(polib.POEntry(msgid=text))
    return file


def reviewed_entry(source_text, translated):
    comment = review_comment(reviewer="A. Reviewer", source=source_text)
    return polib.POEntry(msgid=source_text, msgstr=translated, tcomment=comment)


def test_a_changed_source_makes_its_translation_fuzzy_and_keeps_the_text_and_the_review():
    before = polib.POFile()
    before.append(reviewed_entry("Le modèle est retiré du service.", "The model is removed."))
    (entry,) = merged(template_of("Le modèle est retiré du service demain."), before)
    assert entry.fuzzy
    assert entry.previous_msgid == "Le modèle est retiré du service."
    assert review_of(entry).source == "Le modèle est retiré du service."
    assert not is_current(entry)


def test_removing_the_fuzzy_mark_alone_makes_nothing_current():
    entry = reviewed_entry("Le texte d’hier.", "Yesterday’s text.")
    assert is_current(entry)
    entry.msgid = "Le texte d’aujourd’hui."
    assert not is_current(entry)
    entry.tcomment = ""
    assert not is_current(entry)


# -- faults that were seen in published translations --------------------------------------------

SLA = next(unit for unit in source_units() if unit.startswith("La première réponse"))
OPTION = next(unit for unit in source_units() if "services professionnels" in unit)
HISTORY = next(unit for unit in source_units() if unit.startswith("L’API ne se souvient"))
SIZE = next(unit for unit in source_units() if "surdimensionné" in unit)
SCOPE = next(unit for unit in source_units() if unit.startswith("Une qualification vaut"))
HEADERS = next(unit for unit in source_units() if unit.startswith("Un modèle a des dates"))
RULER = next(unit for unit in source_units() if "comme à la règle" in unit)
SCRIPTS = next(unit for unit in source_units() if "mélange d’alphabets" in unit)
NOTICE = next(unit for unit in source_units() if "préavis entre" in unit)
PRICES = next(unit for unit in source_units() if unit.startswith("Non. Le prix du token"))


def replaced(old, new):
    def mutate(text):
        assert old in text, (old, text)
        return text.replace(old, new)

    return mutate


FAULTS = {
    "a placeholder is lost": (
        "de",
        NOTICE,
        lambda text: re.sub(r"\{\{.*?\}\}", "drei", text),
        "placeholders",
    ),
    "a number is written out": (
        "es",
        OPTION,
        lambda text: re.sub(r"\{\{.*?\}\}", "4", text),
        "digits",
    ),
    "code is translated": ("de", HEADERS, replaced("`Sunset`", "`Untergang`"), "placeholders"),
    "a link leads elsewhere": ("it", PRICES, replaced("../prices.md", "prezzi.md"), "placeholders"),
    "the text is in another language": ("it", SLA, lambda _: reviewed("es")[SLA], "language"),
    "the text stays French": ("en", HISTORY, lambda _: HISTORY, "untranslated"),
    "a word of another language": ("it", HISTORY, replaced("invia di nuovo", "vuelve a"), "stray"),
    "during a day becomes within a day": (
        "de",
        SLA,
        replaced("im Laufe eines Arbeitstags", "innerhalb eines Arbeitstags"),
        "false-friend",
    ),
    "a qualification becomes a certification": (
        "de",
        SCOPE,
        replaced("Eine Qualifizierung", "Eine Zertifizierung"),
        "false-friend",
    ),
    "sent again becomes returned": ("es", HISTORY, replaced("vuelve a enviar", "ve"), "glossary"),
    "over-powered is lost": ("de", SIZE, replaced("überdimensioniertes", "starkes"), "glossary"),
    "the ruler becomes a rule": ("en", RULER, replaced("a ruler", "a rule"), "glossary"),
    "a writing system becomes a program": (
        "de",
        SCRIPTS,
        replaced("Schriftsysteme", "Skripte"),
        "glossary",
    ),
    "at least is dropped": ("it", NOTICE, replaced("almeno ", ""), "glossary"),
    "a clause is dropped": ("en", HISTORY, lambda text: text.split(".")[0] + ".", "length"),
    "a fence stands in a unit": ("es", SLA, lambda text: f"```\n{text}", "structure"),
    "bold is lost": ("en", SIZE, replaced("**", ""), "emphasis"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, translations):
    language, unit, mutate, gate = FAULTS[fault]
    mutated = {**translations, language: {**translations[language]}}
    mutated[language][unit] = mutate(translations[language][unit])
    assert mutated[language][unit] != translations[language][unit]
    found = faults_of_units(mutated)
    assert gate in {each.gate for each in found if each.where == unit}, found
    assert {(each.language, each.where) for each in found} == {(language, unit)}


def test_every_unit_in_a_wrong_language_is_found(translations):
    """A whole page pasted into the wrong file, unit by unit; short ones are names."""
    swapped = {**translations, "it": {**translations["it"]}}
    pasted = [unit for unit in source_units() if unit in units(source("concepts/tokens.md"))]
    for unit in pasted:
        swapped["it"][unit] = translations["es"][unit]
    found = {f.where for f in faults_of_units(swapped) if f.gate in {"language", "stray"}}
    long = [unit for unit in pasted if len(unit) > 60]
    assert len(long) >= 10
    assert [unit for unit in long if unit not in found] == []


def pages_with(sites, language, path, old, new):
    pages = {each: {path: sites[each].pages[path]} for each in LANGUAGES}
    assert old in pages[language][path]
    pages[language][path] = pages[language][path].replace(old, new, 1)
    return pages


def test_another_number_on_one_languages_page_is_found(sites):
    pages = pages_with(sites, "de", "guides/cost.md", "0,90", "1,90")
    (fault,) = faults_of_pages(pages)
    assert (fault.language, fault.gate, fault.where) == ("de", "parity", "guides/cost.md")
    assert fault.detail == "more: 190; fewer: 090"


def test_a_changed_code_block_is_found(sites):
    pages = pages_with(sites, "es", "guides/agents.md", "MOST_TURNS", "TURNOS")
    assert [(fault.language, fault.gate) for fault in faults_of_pages(pages)] == [("es", "code")]


def test_a_lost_fence_is_found(sites):
    pages = pages_with(sites, "it", "guides/ocr.md", "```python", "")
    assert "code" in {fault.gate for fault in faults_of_pages(pages)}


def test_a_strict_build_refuses_a_fault(catalog_file, openapi_text, tmp_path, monkeypatch):
    faulty = {**reviewed("de"), SLA: "Die erste Antwort kommt innerhalb eines Arbeitstags."}
    monkeypatch.setattr(
        "llmaas.generators.site.prose.texts.reviewed",
        lambda language: faulty if language == "de" else reviewed(language),
    )
    with pytest.raises(DocsError, match=r"prose\.de\.po: false-friend"):
        build_site(
            catalog_file,
            tmp_path / "docs",
            today=TODAY,
            openapi=lambda _bundle: openapi_text,
            stand_in=False,
            strict=True,
        )
    assert list(tmp_path.iterdir()) == []


# -- what the pages say ---------------------------------------------------------------------------


def test_no_page_names_a_fact_that_the_catalogue_holds(catalog):
    """Prices, ids and dates are placed; a page that writes one would keep it for ever."""
    ids = "|".join(re.escape(model.id) for model in catalog.models)
    an_id = re.compile(rf"(?<!\w)(?:{ids})(?!\w|[.:-]\w)")  # and no longer name: whisper.cpp
    for path in paths():
        page = source(path)
        assert an_id.findall(page) == [], path
        assert "€" not in page, path


def test_a_catalogue_without_a_task_says_so_on_the_page(render, edited_catalog, catalog_text):
    from pathlib import Path

    from llmaas.catalog import parse_catalog

    text = catalog_text.replace(", ocr]", "]").replace("[ocr, ", "[").replace("[ocr]", "[]")
    without = parse_catalog(text.encode(), Path("models_config.yaml")).catalog
    assert without is not None
    page = render(without, "en").pages["guides/ocr.md"]
    assert "Model missing from the catalogue" in page


def test_a_missing_translation_falls_back_to_french_with_a_notice(render, catalog, monkeypatch):
    known = {key: value for key, value in reviewed("de").items() if key != SLA}
    monkeypatch.setattr("llmaas.generators.site.prose.texts.reviewed", lambda _: known)
    site = render(catalog, "de")
    assert 'class="untranslated"' in site.pages["start/faq.md"]
    assert 'class="untranslated"' not in site.pages["guides/rag.md"]
    assert [str(missing)[:14] for missing in site.missing] == ["prose.de.po: L"]
