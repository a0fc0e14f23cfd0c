"""What a reader sees first, on a desk and on a phone: measured in a real Chromium."""

import pytest
from playwright.sync_api import expect
from tests.site.browsing import NO_BROWSER

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
FOLDERS = ("", "en/", "es/", "de/", "it/")
INSIDE = """(selector) => [...document.querySelectorAll(selector)].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width && (box.left < 0 || box.right > innerWidth);
}).map((element) => element.textContent)"""
"""What of a selector stands outside the window, left or right."""

pytestmark = NO_BROWSER


@pytest.mark.parametrize("folder", FOLDERS)
def test_how_to_call_is_on_the_first_screen(open_page, folder):
    page = open_page(folder, viewport=DESK)
    sample = page.locator(".first-call .highlight").first
    expect(sample).to_be_visible()
    box = sample.bounding_box()
    assert box["y"] + box["height"] <= DESK["height"]
    start = page.locator(".hero .md-button--primary")
    assert start.get_attribute("href") == "start/quickstart/"
    assert page.locator("main").get_by_role("link", name=start.inner_text()).count() > 1


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("path", ["", "concepts/data/", "404.html"])
def test_the_notice_on_stand_in_weights_leads_to_real_ones(open_page, folder, path):
    page = open_page(folder + path)
    page.locator(".md-banner a").click()
    page.wait_for_url(f"**/docs/{folder}operate/install/#poids-de-substitution")
    expect(page.locator("#poids-de-substitution")).to_be_in_viewport()


def test_the_notice_on_stand_in_weights_takes_two_lines_of_a_phone_at_most(open_page):
    for folder in FOLDERS:
        page = open_page(folder, viewport=PHONE)
        assert page.locator(".md-banner").bounding_box()["height"] < 56


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_missing_page_offers_ways_on(open_page, docs_url, folder):
    page = open_page(f"{folder}404.html")
    links = page.locator("article .md-button").evaluate_all("all => all.map((a) => a.href)")
    assert links == [
        docs_url + folder + path for path in ("", "start/quickstart/", "models/", "endpoints/")
    ]
    for link in links:
        assert page.request.get(link).ok


def test_models_that_are_maintained_come_first_and_are_seen_at_once(open_page):
    page = open_page("en/models/", viewport=DESK)
    assert page.locator(".model-table tbody tr").nth(1).bounding_box()["y"] < DESK["height"]
    phases = page.locator(".model-table tbody .phase").all_inner_texts()
    assert phases == sorted(phases, key=["Production", "End of support", "Retired"].index)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_timeline_fits_a_phone(open_page, folder):
    page = open_page(f"{folder}lifecycle/", viewport=PHONE)
    assert page.locator(".timeline__bar").count() > 40
    assert page.evaluate(INSIDE, ".timeline :is(text, rect, line)") == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_field_means_is_read_on_a_phone_without_scrolling_sideways(open_page, folder):
    page = open_page(f"{folder}endpoints/", viewport=PHONE)
    assert page.locator(".fields td:last-child").count() > 40
    assert page.evaluate(INSIDE, ".fields td") == []


def test_the_pages_of_the_api_are_beside_its_reference(open_page):
    page = open_page("en/endpoints/", viewport=DESK)
    beside = page.locator(".md-sidebar--primary")
    for name in ("Try it", "Errors and limits", "Compatibility"):
        expect(beside.get_by_role("link", name=name)).to_be_visible()


def test_a_sign_never_stands_alone_on_a_line_of_the_table_of_contents(open_page):
    page = open_page("start/faq/", viewport=DESK)
    titles = page.locator(".md-sidebar--secondary .md-ellipsis").all_text_contents()
    questions = [title.strip() for title in titles if "?" in title]
    assert questions
    assert all(title.endswith("\u00a0?") for title in questions)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_calculator_says_every_amount_on_a_phone(open_page, folder):
    page = open_page(f"{folder}prices/", viewport=PHONE)
    expect(page.locator(".calculator__lines tfoot")).to_be_visible()
    frame = page.locator(".calculator__scroll")
    assert frame.evaluate("(frame) => frame.scrollWidth <= frame.clientWidth")
