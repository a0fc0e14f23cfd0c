"""A real Chromium reads the site under `/docs/`, as the gateway serves it."""

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
    for language, folder in (("de", "de/"), ("it", "it/"), ("fr", "")):
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
    expect(results.first).to_be_visible()
    found = [link.get_attribute("href").partition("?")[0] for link in results.all()]
    own = docs_url + FOLDERS[language]
    assert f"{own}prices/" in {link.partition("#")[0] for link in found}
    others = tuple(docs_url + folder for folder in FOLDERS.values() if folder)
    assert [link for link in found if not link.startswith(own)] == []
    assert language != "fr" or not [link for link in found if link.startswith(others)]


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
