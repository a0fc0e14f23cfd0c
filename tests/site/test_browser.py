"""A real Chromium reads the site under `/docs/`, as the gateway serves it."""

import re

import pytest
from playwright.sync_api import expect
from tests.site.browsing import NO_BROWSER

FOLDERS = {"fr": "", "en": "en/", "es": "es/", "de": "de/", "it": "it/"}
PRICES = {
    "fr": "0,90\u00a0€",
    "en": "€0.90",
    "es": "0,90\u00a0€",
    "de": "0,90\u00a0€",
    "it": "0,90\u00a0€",
}

pytestmark = NO_BROWSER


@pytest.mark.parametrize("language", FOLDERS)
def test_pages_open_in_their_language_without_asking_another_host(open_page, docs_url, language):
    page = open_page(FOLDERS[language])
    for path in ("", "models/", "models/qwen3-8b/", "lifecycle/", "endpoints/"):
        page.goto(docs_url + FOLDERS[language] + path, wait_until="load")
        assert page.locator("html").get_attribute("lang") == language
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".stand-in")).to_be_visible()


@pytest.mark.parametrize("language", FOLDERS)
def test_prices_are_written_as_the_language_writes_them(open_page, language):
    page = open_page(f"{FOLDERS[language]}prices/")
    expect(page.locator("table").first).to_contain_text(PRICES[language])


def test_switching_the_language_stays_on_the_page_the_section_and_the_query(open_page):
    page = open_page("models/gemma3-27b/?seen=1#dates")
    for language, folder in (("de", "de/"), ("it", "it/"), ("en", "en/"), ("fr", "")):
        page.locator(".md-select button").hover()
        page.locator(f'.md-select__link[hreflang="{language}"]').click()
        page.wait_for_url(f"**/docs/{folder}models/gemma3-27b/?seen=1#dates")
        assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize(
    ("language", "query"),
    [("fr", "paliers"), ("fr", "palier"), ("en", "tiers"), ("de", "Stufen"), ("it", "livelli")],
)
def test_the_search_finds_pages_of_its_own_language(open_page, docs_url, language, query):
    page = open_page(FOLDERS[language])
    page.locator(".md-search__input").click()
    page.locator(".md-search__input").press_sequentially(query)
    results = page.locator(".md-search-result__link")
    own = docs_url + FOLDERS[language]
    expect(page.locator(f'.md-search-result__link[href^="{own}prices/"]').first).to_be_visible()
    found = [link.get_attribute("href").partition("?")[0] for link in results.all()]
    others = tuple(docs_url + folder for folder in FOLDERS.values() if folder)
    assert [link for link in found if not link.startswith(own)] == []
    assert language != "fr" or not [link for link in found if link.startswith(others)]


@pytest.mark.parametrize(
    ("language", "query", "expected"),
    [
        ("fr", "dépréciées", "lifecycle/"),
        ("fr", "facturees", "api/errors/"),  # accents aside
        ("en", "pricing", "prices/"),
        ("en", "policies", "operate/secure/"),
        ("es", "retiradas", "lifecycle/"),
        ("de", "Nachfolgern", "lifecycle/"),
        ("it", "ragionamenti", "concepts/reasoning/"),
    ],
)
def test_the_search_finds_other_forms_of_a_word(open_page, docs_url, language, query, expected):
    page = open_page(FOLDERS[language])
    page.locator(".md-search__input").click()
    page.locator(".md-search__input").press_sequentially(query)
    found = page.locator(
        f'.md-search-result__link[href^="{docs_url}{FOLDERS[language]}{expected}"]'
    )
    expect(found.first).to_be_visible()
    words = re.escape(query.split()[-1])
    titles = page.locator(".md-search-result__meta").inner_text()
    assert re.search(r"\d", titles)
    missing = found.first.locator(".md-search-result__terms")
    assert not any(re.search(words, text) for text in missing.all_inner_texts())


@pytest.mark.parametrize("query", ['"policies"', "+policies"])
def test_words_in_quotation_marks_are_searched_as_they_are(open_page, query):
    page = open_page("en/")
    page.locator(".md-search__input").click()
    page.locator(".md-search__input").press_sequentially(query)
    expect(page.locator(".md-search-result__meta")).to_contain_text("No matching documents")


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_the_choice_of_dark_or_light_is_kept_in_every_language(open_page, docs_url, language):
    page = open_page(FOLDERS[language], color_scheme="light")
    body = page.locator("body")
    assert body.get_attribute("data-md-color-scheme") == "default"
    page.locator("label.md-header__button[for^=__palette]").filter(visible=True).click()
    expect(body).to_have_attribute("data-md-color-scheme", "slate")
    for folder in FOLDERS.values():
        page.goto(f"{docs_url}{folder}prices/", wait_until="load")
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_the_language_of_samples_is_chosen_once_for_all_of_them(open_page, docs_url, language):
    page = open_page(f"{FOLDERS[language]}models/qwen3-8b/")
    page.get_by_text("JavaScript", exact=True).click()
    page.goto(f"{docs_url}{FOLDERS[language]}models/gemma3-27b/", wait_until="load")
    code = page.locator(".tabbed-block .highlight").filter(visible=True)
    expect(code).to_have_count(1)
    expect(code).to_contain_text("new OpenAI(")


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_a_sample_is_copied_as_it_is(open_page, language):
    page = open_page(
        f"{FOLDERS[language]}models/qwen3-8b/", permissions=["clipboard-read", "clipboard-write"]
    )
    block = page.locator(".highlight").first
    block.hover()
    block.locator("button[data-clipboard-target], .md-clipboard, .md-code__button").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("code").inner_text().strip()
    assert '"model": "qwen3:8b"' in copied


def test_the_timeline_links_to_models_and_has_a_name(open_page):
    page = open_page("en/lifecycle/")
    expect(page.get_by_role("group", name="Timeline of the models’ lifecycle")).to_be_visible()
    page.locator('.timeline a[href="../models/gemma3-12b/"]').click()
    page.wait_for_url("**/docs/en/models/gemma3-12b/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    ["", "models/", "models/qwen3-8b/", "lifecycle/", "prices/", "endpoints/", "try/"],
)
def test_a_phone_never_scrolls_a_page_sideways(open_page, path, scheme):
    page = open_page(path, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expected = "slate" if scheme == "dark" else "default"
    assert page.locator("body").get_attribute("data-md-color-scheme") == expected


def test_the_search_of_a_missing_page_finds_pages(open_page, docs_url):
    page = open_page("de/404.html")
    page.locator(".md-search__input").click()
    page.locator(".md-search__input").press_sequentially("Stufen")
    first = page.locator(".md-search-result__link").first
    expect(first).to_be_visible()
    assert first.get_attribute("href").startswith(f"{docs_url}de/")
