"""A real Chromium reads the site under `/docs/`, as the gateway serves it."""

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
FOLDERS = {"fr": "", "en": "en/", "es": "es/", "de": "de/", "it": "it/"}
PRICES = {
    "fr": "0,90\u00a0€",
    "en": "€0.90",
    "es": "0,90\u00a0€",
    "de": "0,90\u00a0€",
    "it": "0,90\u00a0€",
}

pytestmark = pytest.mark.skipif(
    os.environ.get("LLMAAS_TESTS_NO_BROWSER") == "1",
    reason="LLMAAS_TESTS_NO_BROWSER=1 asks for no browser",
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def docs_url(built):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/docs/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        pytest.fail(
            f"{CHROMIUM} is missing: apt-get install chromium, "
            "or set LLMAAS_TESTS_NO_BROWSER=1 to leave these tests out"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, docs_url):
    """Opens pages; at the end of the test, nothing may have left this host or complained."""
    requested, complaints, contexts = [], [], []

    def open_page(path, **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda r: complaints.append(r.url) if r.status >= 400 else None)
        page.goto(docs_url + path, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in requested if not url.startswith((docs_url, "data:", "blob:"))] == []
    assert complaints == []


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


def test_the_table_of_models_is_filtered_and_sorted(open_page):
    page = open_page("en/models/")
    rows = page.locator(".model-table tbody tr")
    total = rows.count()
    page.locator(".model-filter__input").fill("ibm granite")
    shown = rows.filter(visible=True)
    assert 0 < shown.count() < total
    expect(shown.first).to_contain_text("IBM")
    page.locator(".model-filter__input").fill("")
    parameters = page.locator(".model-table th").nth(2)
    parameters.locator("button").click()
    parameters.locator("button").click()
    assert parameters.get_attribute("aria-sort") == "descending"
    expect(rows.first).to_contain_text("671")


def test_the_timeline_links_to_models_and_has_a_name(open_page):
    page = open_page("en/lifecycle/")
    expect(page.get_by_role("img", name="Timeline of the models’ lifecycle")).to_be_visible()
    page.locator('.timeline a[href="../models/gemma3-12b/"]').click()
    page.wait_for_url("**/docs/en/models/gemma3-12b/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "models/", "models/qwen3-8b/", "lifecycle/", "prices/"])
def test_a_phone_never_scrolls_a_page_sideways(open_page, path, scheme):
    page = open_page(path, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expected = "slate" if scheme == "dark" else "default"
    assert page.locator("body").get_attribute("data-md-color-scheme") == expected
