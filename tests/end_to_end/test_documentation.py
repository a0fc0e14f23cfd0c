"""The documentation as the gateway serves it: five languages, never another fact than the API."""

import json
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from tests.missing import missing

from llmaas.catalog import read_catalog

CHROMIUM = "/usr/bin/chromium"
LANGUAGES = {"fr": "", "en": "en/", "es": "es/", "de": "de/", "it": "it/"}
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    if not Path(CHROMIUM).exists():
        missing("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.requested = []
        page.complaints = []
        page.on("request", lambda request: _keep_request(page, request))
        page.on("console", lambda message: _keep_error(page, message))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page


def _keep_request(page: Page, request: Request) -> None:
    page.requested.append(request)


def _keep_error(page: Page, message) -> None:
    if message.type == "error":
        page.complaints.append(message.text)


def outside(requests: list[Request], docs_url: str) -> list[str]:
    host = re.match(r"https?://[^/]+/", docs_url).group()
    return [r.url for r in requests if not r.url.startswith((host, "data:", "blob:"))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_site_opens_without_asking_another_host(service, page, language):
    for path in ("", "models/", "models/granite3.3-8b/", "lifecycle/", "prices/"):
        response = page.goto(service.docs_url + LANGUAGES[language] + path, wait_until="load")
        assert response.status == 200, path
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("h1").count() == 1
    assert outside(page.requested, service.docs_url) == []
    assert page.complaints == []


def test_the_language_switch_stays_on_the_page(service, page):
    page.goto(service.docs_url + "models/granite3.3-8b/")
    page.locator(".md-select button").first.hover()
    page.locator('.md-select__link[hreflang="de"]').click()
    page.wait_for_url("**/docs/de/models/granite3.3-8b/")
    assert page.locator("html").get_attribute("lang") == "de"


def test_every_page_says_that_stand_in_weights_answer(service, page):
    for prefix in LANGUAGES.values():
        page.goto(service.docs_url + prefix)
        assert page.locator('[data-md-component="announce"]').inner_text().strip()


def test_the_pages_tell_readers_to_call_the_service_that_serves_them(service):
    elsewhere = read_catalog(service.catalog).catalog.service.base_url
    for path in ("", "start/quickstart/", "endpoints/", "guides/langchain/"):
        for prefix in LANGUAGES.values():
            page = fetch(f"{service.docs_url}{prefix}{path}")
            assert service.base_url in page, prefix + path
            assert elsewhere not in page, prefix + path


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read().decode()


@pytest.mark.timeout(300)
def test_editing_a_price_changes_the_bundle_and_all_five_languages(
    start_up, catalog_copy, tmp_path
):
    text = catalog_copy.read_text()
    edited = tmp_path / "models_config.yaml"
    assert len(re.findall(r"eur: 0\.90\b", text)) == 1
    edited.write_text(re.sub(r"eur: 0\.90\b", "eur: 0.97", text))
    up = start_up(edited, tmp_path / "state")
    try:
        bundle = tmp_path / "state" / "bundle" / "prices.json"
        prices = {price["id"]: price for price in json.loads(bundle.read_text())}
        assert prices["input"]["steps"][-1]["eur"] == "0.97"
        for language, prefix in LANGUAGES.items():
            page = fetch(f"{up.service.docs_url}{prefix}prices/")
            new, old = ("€0.97", "€0.90") if language == "en" else ("0,97", "0,90")
            assert new in page, language
            assert old not in page, language
    finally:
        assert up.stop() == 0
