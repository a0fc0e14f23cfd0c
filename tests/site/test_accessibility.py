"""Every type of page, judged by axe in a real Chromium and read as the HTML standard reads it."""

import json
import shutil
import subprocess
from pathlib import Path

import html5lib
import pytest
from playwright.sync_api import expect
from tests.missing import missing
from tests.site.browsing import NO_BROWSER

AXE = "4.14.1"
GRAVE = {"serious", "critical"}
FOLDERS = {"fr": "", "en": "en/", "de": "de/"}
PAGES = (
    "",
    "models/",
    "models/?compare=gemma3:27b&compare=qwen3:8b",
    "models/qwen3-8b/",
    "models/gemma3-12b/",
    "lifecycle/",
    "prices/?model=gemma3:27b",
    "endpoints/",
    "try/",
    "start/quickstart/",
    "concepts/architecture/",
    "operate/administration/",
    "404.html",
)
PROSE = (
    "guides/agents/",
    "guides/cost/",
    "start/faq/",
    "api/errors/",
    "api/compatibility/",
    "concepts/security/",
    "concepts/data/",
    "concepts/licences/",
    "maintain/yaml/",
    "maintain/codes/",
    "maintain/changelog/",
)
"""Pages of text, each with something that the others lack."""
SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="session")
def axe(request):
    """The script of axe-core, a development tool that npm fetches once."""
    home = request.config.cache.mkdir(f"axe-core-{AXE}")
    script = home / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            missing("npm is missing: apt-get install npm")
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--no-save"]
        subprocess.run([*command, "--prefix", str(home), f"axe-core@{AXE}"], check=True)
    return script.read_text(encoding="utf-8")


def grave(page, axe):
    # Evaluated by the debugger, to which the policy of the page does not apply.
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (violation["id"], node["html"][:200], node["failureSummary"])
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@NO_BROWSER
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_grave_on_any_type_of_page(open_page, axe, path, scheme, size):
    page = open_page(path, viewport=SIZES[size], color_scheme=scheme)
    assert grave(page, axe) == []


@NO_BROWSER
@pytest.mark.parametrize(("scheme", "size"), [("light", "desk"), ("dark", "phone")])
@pytest.mark.parametrize("path", PROSE)
def test_axe_finds_nothing_grave_on_pages_of_text(open_page, axe, path, scheme, size):
    page = open_page(path, viewport=SIZES[size], color_scheme=scheme)
    assert grave(page, axe) == []


@NO_BROWSER
@pytest.mark.parametrize("path", ["models/?compare=gemma3:27b", "prices/", "lifecycle/"])
@pytest.mark.parametrize("folder", ["en/", "de/"])
def test_axe_finds_nothing_grave_in_other_languages(open_page, axe, folder, path):
    assert grave(open_page(folder + path), axe) == []


@NO_BROWSER
def test_axe_finds_nothing_grave_in_an_answer_and_a_complaint(open_page, axe):
    page = open_page("try/", allowed=("/v1/chat/completions",))
    page.locator('[name="key"]').fill("wrong")
    page.locator('[type="submit"]').click()
    expect(page.locator(".try-answer__body")).not_to_be_empty()
    page.locator('[name="body"]').fill("{")
    page.locator('[type="submit"]').click()
    expect(page.locator(".try__problem")).to_be_visible()
    assert grave(page, axe) == []


@NO_BROWSER
def test_a_reader_reaches_filters_comparison_and_table_with_the_tab_key_alone(open_page):
    page = open_page("en/models/?compare=gemma3:27b")
    page.locator('[name="q"]').focus()
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("document.activeElement.name || document.activeElement.classList[0]")
        )
    wanted = ["size", "context", "price", "energy", "licence", "phase", "capability", "md-button"]
    places = [seen.index(name) for name in [*wanted, "model-comparison__remove", "sort", "compare"]]
    assert places == sorted(places)


def errors(file: Path):
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(file.read_text(encoding="utf-8"))
    unnamed = [
        json.dumps(dict(found.attrib))
        for found in tree.iter()
        if found.tag in {"input", "select", "textarea"} and found.get("type") != "hidden"
        if not (found.get("aria-label") or found.get("id") or found.get("name"))
    ]
    return [*((code, position) for position, code, _ in parser.errors), *unnamed]


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_pages_are_valid_html(built, folder):
    site = built / "docs" / folder
    checked = [site / "404.html", site / "pricing" / "index.html"]
    checked += [site / path.partition("?")[0] / "index.html" for path in PAGES[:-1]]
    if not folder:
        checked += [
            page
            for section in ("api", "concepts", "guides", "maintain", "operate", "start")
            for page in sorted((site / section).rglob("*.html"))
        ]
    assert {file: found for file in checked if (found := errors(file))} == {}
