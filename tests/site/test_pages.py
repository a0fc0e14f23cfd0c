"""One fact, one place: the five languages differ in words and in nothing else."""

import json
import re
from collections import Counter
from datetime import date
from typing import get_args

import pytest

from llmaas.bundle import Phase, model_slug
from llmaas.bundle.tables import ReasoningMode
from llmaas.gateway.errors import ApiError
from llmaas.generators.site.prose.gates import DIGITS_ALLOWED
from llmaas.generators.site.reference import operations
from llmaas.generators.site.reference_texts import ERRORS, OPERATION_TEXTS, text_of_field
from llmaas.generators.site.texts import Missing, Texts
from llmaas.generators.site.views import view_catalog

TODAY = date(2026, 11, 21)
RELEASE_DAY = date(2025, 6, 13)
AFTER_SUPPORT = date(2027, 1, 1)
LANGUAGES = ("fr", "en", "es", "de", "it")
TRANSLATED = LANGUAGES[1:]
SEPARATORS = {
    "fr": ("\u202f", ","),
    "en": (",", "."),
    "es": (".", ","),
    "de": (".", ","),
    "it": (".", ","),
}


def code_blocks(text):
    return re.findall(r"^( *)```\w[^\n]*\n(.*?)^\1```", text, flags=re.DOTALL | re.MULTILINE)


def inline_code(text):
    return Counter(re.findall(r"`[^`\n]+`", text))


def anchors(text):
    return re.findall(r"\{ #([\w-]+) \}", text)


def links(text):
    return Counter(re.findall(r"\]\(([^)]+)\)", text))


def numbers(text, language, names):
    """Figures of the prose and the tables, written without the habits of their language."""
    text = re.sub(r"^  boost: .*$", " ", text, count=1, flags=re.MULTILINE)  # for the search
    # What a page declares to be English is the same English on every page.
    text = re.sub(r'<div lang="en".*?</div>', " ", text, flags=re.DOTALL)
    text = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)|<[^>]*>|\{[^}]*\}", " ", text, flags=re.DOTALL)
    for name in names:
        text = text.replace(name, " ")
    group, decimal = map(re.escape, SEPARATORS[language])
    found = re.findall(rf"\d{{1,3}}(?:{group}\d{{3}})+(?:{decimal}\d+)?|\d+(?:{decimal}\d+)?", text)
    plain = [re.sub(decimal, ".", re.sub(rf"{group}(?=\d{{3}})", "", figure)) for figure in found]
    return Counter(plain)


def names_of(catalog):
    """Names with digits in them, longest first; Markdown escapes some of their characters."""
    names = {catalog.service.name}
    for model in catalog.models:
        names |= {model.id, model.display_name, model.family, model.licence.name, model.publisher}
        names |= set(model.aliases)
        names |= {model.measured.source} if model.measured else set()
    names |= {name for record in catalog.compliance for name in (record.name, record.version or "")}
    names |= set(DIGITS_ALLOWED)
    escaped = {re.sub(r"([\\`*_\[\]|{}#])", r"\\\1", name) for name in names}
    return sorted((names | escaped) - {""}, key=len, reverse=True)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_language_has_the_same_pages(sites, language):
    assert sites[language].pages.keys() == sites["fr"].pages.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_untranslated(sites, language):
    assert sites[language].missing == ()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_language_has_the_same_code_anchors_and_links(sites, language):
    for path, source in sites["fr"].pages.items():
        page = sites[language].pages[path]
        assert code_blocks(page) == code_blocks(source), path
        assert inline_code(page) == inline_code(source), path
        assert anchors(page) == anchors(source), path
        assert links(page) == links(source), path


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_language_has_the_same_figures(catalog, sites, language):
    names = names_of(catalog)
    for path, source in sites["fr"].pages.items():
        page = sites[language].pages[path]
        assert numbers(page, language, names) == numbers(source, "fr", names), path


def test_every_model_has_a_page_at_the_address_the_gateway_links_to(catalog, sites):
    for model in catalog.models:
        assert f"models/{model_slug(model.id)}.md" in sites["fr"].pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_model_page_names_its_phase_and_dates(catalog, sites, language):
    texts = Texts(language)
    for row in view_catalog(catalog, today=TODAY, base_url="https://api.example/v1").models:
        page = sites[language].pages[f"models/{row.slug}.md"]
        assert texts.word("phase", row.phase) in page
        assert f"phase--{row.phase}" in page
        if row.entry.successor:
            assert f"]({model_slug(row.entry.successor)}.md)" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_model_says_when_it_reasons(catalog, sites, language):
    word = Texts(language).word
    for model in catalog.models:
        page = sites[language].pages[f"models/{model_slug(model.id)}.md"]
        reasoning = model.serving.reasoning
        modes = [f"| {word('reasoning_mode', m)} |" for m in get_args(ReasoningMode)]
        said = [mode for mode in modes if mode in page]
        assert said == ([f"| {word('reasoning_mode', reasoning.mode)} |"] if reasoning else [])


def test_requests_that_are_copied_begin_with_the_model(sites):
    page = sites["en"].pages["endpoints.md"]
    bodies = re.findall(r"-d '(\{.*?\n  \})'", page, re.DOTALL)
    assert bodies
    for body in bodies:
        assert body.splitlines()[1].startswith('    "model": ')
        json.loads(body)


def test_the_legend_of_the_timeline_explains_every_phase_that_is_drawn(sites):
    page = sites["en"].pages["lifecycle.md"]
    drawn = set(re.findall(r"timeline__bar--(\w+)", page))
    assert drawn == set(re.findall(r"legend__swatch--(\w+)", page))
    assert {"production", "deprecated", "end_of_support"} <= drawn


def test_a_retired_model_has_no_sample_and_points_to_its_successor(sites):
    page = sites["en"].pages["models/gemma3-12b.md"]
    assert code_blocks(page) == []
    assert "This model is retired" in page
    assert "No sample: this model is retired" in page
    assert "(gemma3-27b.md)" in page


def test_an_exception_is_shown_with_its_reason(catalog, sites):
    texts = Texts("de")
    excepted = [model for model in catalog.models if model.exceptions]
    assert excepted
    for model in excepted:
        page = sites["de"].pages[f"models/{model_slug(model.id)}.md"]
        for exception in model.exceptions:
            assert texts.word("rule", exception.rule) in page
            assert texts.word("exception", exception.reason) in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_price_edit_reaches_every_language(edited_catalog, render, language):
    changed = render(edited_catalog("eur: 0.90 }", "eur: 1.93 }"), language)
    shown = "€1.93" if language == "en" else "1,93\u00a0€"
    assert shown in changed.pages["prices.md"]
    assert ("€0.90" if language == "en" else "0,90\u00a0€") not in changed.pages["prices.md"]


def test_the_phase_of_a_page_is_that_of_the_day_it_was_rendered_for(catalog, render):
    then = render(catalog, "en", today=RELEASE_DAY).pages["models/granite3.3-8b.md"]
    later = render(catalog, "en", today=AFTER_SUPPORT).pages["models/granite3.3-8b.md"]
    assert f"phase--{Phase.PRODUCTION}" in then
    assert f"phase--{Phase.END_OF_SUPPORT}" in later


@pytest.mark.parametrize("language", LANGUAGES)
def test_stand_in_weights_are_announced_only_where_they_answer(catalog, render, language):
    assert render(catalog, language, stand_in=True).texts.announcement
    assert render(catalog, language, stand_in=False).texts.announcement is None


def test_samples_call_the_address_of_the_deployment_that_serves_the_page(catalog, render):
    site = render(catalog, "fr", api_base_url="http://127.0.0.1:8080/v1/")
    assert "curl http://127.0.0.1:8080/v1/chat/completions" in site.pages["models/qwen3-8b.md"]
    assert catalog.service.base_url not in site.pages["index.md"]


def test_a_missing_translation_puts_a_notice_on_its_page_and_on_no_other(
    catalog, render, monkeypatch
):
    real = Texts.gettext

    def forgetful(self, source):
        if source == "Paliers" and self.language == "de":
            self.missing.add(Missing("de", "", source))
            return source
        return real(self, source)

    monkeypatch.setattr(Texts, "gettext", forgetful)
    pages = render(catalog, "de").pages
    assert [path for path, page in pages.items() if 'class="untranslated"' in page] == ["prices.md"]
    assert "## Paliers" in pages["prices.md"]


def test_a_text_of_an_author_cannot_become_markup(edited_catalog, render):
    changed = edited_catalog("name: Cloud Temple, country", 'name: "<b>A|B</b> *c*", country')
    page = render(changed, "en").pages["index.md"]
    assert r"&lt;b&gt;A\|B&lt;/b&gt; \*c\*" in page


def every_error(kind=ApiError):
    for child in kind.__subclasses__():
        yield child
        yield from every_error(child)


def test_every_error_of_the_gateway_is_documented():
    documented = {(row.status, row.type, code) for row in ERRORS for code in row.codes}
    undocumented = [
        error.__name__
        for error in every_error()
        if error.code is not None and (error.status, error.type, error.code) not in documented
    ]
    assert undocumented == []


def test_every_operation_and_every_field_has_a_text(openapi):
    shown = operations(openapi)
    assert {operation.administrative for operation in shown} == {False, True}
    assert [operation.key for operation in shown if operation.key not in OPERATION_TEXTS] == []
    unsaid = {
        (operation.key, field.name)
        for operation in shown
        for answer in operation.success
        for field in (*operation.parameters, *operation.request, *answer.fields)
        if text_of_field(operation, field) is None
    }
    assert unsaid == set()


def test_every_operation_of_the_api_has_its_section_in_the_reference(openapi, sites):
    pages = sites["fr"].pages
    for operation in operations(openapi):
        page = "operate/administration.md" if operation.administrative else "endpoints.md"
        assert f"## `{operation.method} {operation.path}` {{ #{operation.slug} }}" in pages[page]
