"""The parts of pages that answer to their reader, used in a real Chromium as a reader uses them."""

import re
from datetime import date
from decimal import Decimal
from math import ceil

import pytest
from playwright.sync_api import expect
from tests.site.browsing import KEY, NO_BROWSER

from llmaas.accounts.money import to_eur
from llmaas.accounts.prices import PriceList, Usage
from llmaas.bundle import model_slug
from llmaas.generators import compile_bundle
from llmaas.generators.site.formats import Formats
from llmaas.generators.site.publish.redirects import RENAMED

TODAY = date(2026, 11, 21)
FOLDERS = {"fr": "", "en": "en/", "de": "de/"}
LANGUAGES = pytest.mark.parametrize("language", FOLDERS)

pytestmark = NO_BROWSER


def shown(page):
    return page.locator(".model-table tbody tr").filter(visible=True)


def figures(locator):
    return re.sub(r"\s", " ", locator.inner_text())


# -- models ---------------------------------------------------------------------------------------


@LANGUAGES
def test_models_are_filtered_and_the_choice_is_in_the_address(open_page, language):
    page = open_page(f"{FOLDERS[language]}models/")
    total = shown(page).count()
    page.locator('[name="q"]').fill("ibm granite")
    assert 0 < shown(page).count() < total
    expect(shown(page).first).to_contain_text("IBM")
    page.locator('[name="q"]').fill("")
    page.locator('[name="capability"][value="vision"]').check()
    page.locator('[name="context"]').select_option("100000")
    page.locator('[name="price"]').select_option("text")
    page.locator('[name="phase"]').select_option("production")
    chosen = [row.locator("code").first.inner_text() for row in shown(page).all()]
    assert chosen
    assert "gemma3:27b" in chosen
    expect(page.locator(".model-filters__count")).to_contain_text(f"{len(chosen)} / {total}")
    assert page.url.endswith("models/?context=100000&price=text&phase=production&capability=vision")
    page.reload()
    assert [row.locator("code").first.inner_text() for row in shown(page).all()] == chosen
    page.locator('.model-filters [type="reset"]').click()
    expect(shown(page)).to_have_count(total)
    assert page.url.endswith("models/")


def test_every_choice_of_every_filter_leaves_the_models_it_names(open_page, catalog):
    page = open_page("en/models/")
    models = {model.id: model for model in catalog.models}
    page.locator('[name="energy"]').select_option("3")
    for row in shown(page).all():
        measured = models[row.locator("code").first.inner_text()].measured
        assert measured.kwh_per_mtok <= 3
    page.locator('.model-filters [type="reset"]').click()
    page.locator('[name="size"]').select_option("1")
    sizes = [models[r.locator("code").first.inner_text()].parameters for r in shown(page).all()]
    assert sizes
    assert all(4 < size.total_b <= 15 for size in sizes)


@LANGUAGES
def test_models_are_sorted_by_keyboard_and_the_order_is_in_the_address(open_page, language):
    page = open_page(f"{FOLDERS[language]}models/")
    head = page.locator(".model-table th").nth(2)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    expect(page.locator(".model-table tbody tr").first).to_contain_text("671")
    assert page.url.endswith("?sort=-2")
    page.reload()
    assert page.locator(".model-table th").nth(2).get_attribute("aria-sort") == "descending"
    page.locator('[name="q"]').fill("qwen")
    assert "sort=-2" in page.url


@LANGUAGES
def test_four_models_are_compared_side_by_side_and_no_fifth(open_page, language):
    page = open_page(f"{FOLDERS[language]}models/")
    comparison = page.locator(".model-comparison")
    expect(comparison).to_be_hidden()
    boxes = page.locator("input.compare")
    for index in range(4):
        boxes.nth(index).focus()
        page.keyboard.press("Space")
    expect(comparison.locator("thead th")).to_have_count(5)
    boxes.nth(4).focus()
    page.keyboard.press("Space")
    expect(boxes.nth(4)).not_to_be_checked()
    expect(comparison.get_by_role("status")).not_to_be_empty()
    address = page.url
    assert address.count("compare=") == 4
    page.reload()
    expect(comparison.locator("thead th")).to_have_count(5)
    expect(boxes.nth(0)).to_be_checked()
    comparison.locator("button").first.click()
    expect(comparison.locator("thead th")).to_have_count(4)
    expect(boxes.nth(0)).not_to_be_checked()
    assert page.evaluate("document.activeElement.className") == "model-comparison"


def test_a_comparison_shows_the_facts_of_the_catalogue(open_page):
    page = open_page("de/models/?compare=gemma3:27b&compare=qwen3:8b&compare=unknown")
    table = page.locator(".model-comparison__table")
    expect(table.locator("thead a")).to_have_text(["Gemma 3 27B", "Qwen3 8B"])
    row = table.locator("tr", has_text="Herausgeber")
    expect(row.locator("td")).to_have_text(["Google", "Qwen Team"])
    assert row.evaluate("row => row.classList.contains('differs')")
    table.locator("thead a").first.click()
    page.wait_for_url("**/docs/de/models/gemma3-27b/")


def test_switching_the_language_keeps_the_filters_and_the_comparison(open_page):
    page = open_page("models/?capability=vision&compare=gemma3:27b&sort=2")
    count = shown(page).count()
    page.locator(".md-select button").hover()
    page.locator('.md-select__link[hreflang="de"]').click()
    page.wait_for_url("**/docs/de/models/?capability=vision&compare=gemma3:27b&sort=2")
    assert shown(page).count() == count
    expect(page.locator(".model-comparison thead a")).to_have_text(["Gemma 3 27B"])


def test_without_scripts_the_models_are_a_plain_table(open_page, catalog):
    page = open_page("models/", java_script_enabled=False)
    expect(page.locator(".model-table tbody tr")).to_have_count(len(catalog.models))
    expect(page.locator(".model-filters")).to_be_hidden()
    expect(page.locator(".model-comparison")).to_be_hidden()


@pytest.mark.parametrize("junk", ["size=9&phase=<b>", "sort=99", "sort=--2", "compare=a&compare=b"])
def test_an_address_somebody_mistyped_shows_all_models(open_page, catalog, junk):
    page = open_page(f"models/?{junk}")
    expect(shown(page)).to_have_count(len(catalog.models))


# -- calculator -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "minutes_and_calls"),
    [
        ((1500, 400, 250), ("0", 1)),
        ((1, 1, 1), ("0", 1)),
        ((0, 0, 0), ("0.1", 3)),
        ((123_456_789, 987_654, 7), ("61.5", 1_000_000)),
        ((999_999_999_999_999, 3, 0), ("1", 2)),
    ],
)
@LANGUAGES
def test_the_calculator_agrees_with_the_ledger(
    open_page, catalog, language, tokens, minutes_and_calls
):
    minutes, calls = minutes_and_calls
    page = open_page(f"{FOLDERS[language]}prices/")
    for name, value in zip(("input", "output", "reasoning_output"), tokens, strict=True):
        page.locator(f'.calculator [name="{name}"]').fill(str(value))
    page.locator('.calculator [name="audio"]').fill(minutes)
    page.locator('.calculator [name="calls"]').fill(str(calls))
    prompt, visible, reasoning = tokens
    usage = Usage(
        prompt_tokens=prompt,
        completion_tokens=visible + reasoning,
        reasoning_tokens=reasoning,
        audio_seconds=ceil(Decimal(minutes) * 60),
    )
    each = PriceList(compile_bundle(catalog).prices).on(TODAY).cost(usage)
    expected = Formats(language).money(to_eur(each * calls))
    total = page.locator('.calculator output[name="total"]')
    assert figures(total) == re.sub(r"\s", " ", expected)


@LANGUAGES
def test_the_calculator_tells_the_energy_of_a_model(open_page, catalog, language):
    page = open_page(
        f"{FOLDERS[language]}prices/?output=2000000&reasoning_output=0&model=gemma3:27b"
    )
    (model,) = (model for model in catalog.models if model.id == "gemma3:27b")
    energy = page.locator('.calculator output[name="energy"]')
    assert figures(energy) == Formats(language).number(
        (model.measured.kwh_per_mtok * 2).normalize()
    )
    page.locator('.calculator [name="model"]').select_option("")
    expect(page.locator(".calculator__energy")).to_be_hidden()
    assert "model=" not in page.url


def test_the_calculator_refuses_what_is_no_count(open_page):
    page = open_page("en/prices/")
    field = page.locator('.calculator [name="input"]')
    field.fill("-5")
    expect(page.locator(".calculator__problem")).to_be_visible()
    assert field.get_attribute("aria-invalid") is not None
    field.fill("1.5")
    expect(page.locator(".calculator__problem")).to_be_visible()
    field.fill("5")
    expect(page.locator(".calculator__problem")).to_be_hidden()


def test_a_new_price_reaches_the_calculator(edited_catalog, render):
    page = render(edited_catalog("eur: 0.90 }", "eur: 1.93 }"), "en").pages["prices.md"]
    assert '"unit_pico":"1930000000000"' in page
    assert '"unit_pico":"900000000000"' not in page


# -- requests to try ------------------------------------------------------------------------------


@LANGUAGES
def test_a_request_is_sent_with_the_readers_key_and_its_answer_is_shown(open_page, language):
    page = open_page(f"{FOLDERS[language]}try/")
    expect(page.locator(".try-answer")).to_be_hidden()
    page.locator('[name="key"]').fill(KEY)
    page.locator('[type="submit"]').click()
    expect(page.locator(".try-answer__status")).to_contain_text("200")
    expect(page.locator(".try-answer__body")).to_contain_text('"messages"')
    expect(page.locator(".try-answer__headers")).to_contain_text("req-1")
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage])").find(KEY) == -1


def test_a_stream_is_shown_as_text_while_it_comes(open_page):
    page = open_page("en/try/?operation=post-v1-chat-completions")
    page.locator('[name="key"]').fill(KEY)
    page.locator('[name="body"]').fill('{"model": "m", "messages": [], "stream": true}')
    page.locator('[type="submit"]').click()
    expect(page.locator(".try-answer__text")).to_have_text("Bonjour, <b>monde")
    expect(page.locator(".try-answer__body")).to_contain_text("[DONE]")


def test_an_error_of_the_api_is_shown_as_it_is(open_page):
    page = open_page("try/", allowed=("/v1/chat/completions",))
    page.locator('[name="key"]').fill("wrong")
    page.locator('[type="submit"]').click()
    expect(page.locator(".try-answer__status")).to_contain_text("401")
    expect(page.locator(".try-answer__body")).to_contain_text("invalid_api_key")


def test_a_body_that_is_no_json_is_not_sent(open_page):
    page = open_page("de/try/")
    page.locator('[name="key"]').fill(KEY)
    page.locator('[name="body"]').fill('{"model": ')
    page.locator('[type="submit"]').click()
    expect(page.locator(".try__problem")).to_contain_text("kein gültiges JSON")
    expect(page.locator(".try-answer")).to_be_hidden()
    assert page.evaluate("document.activeElement.name") == "body"


def test_a_name_in_the_path_is_asked_for(open_page):
    page = open_page("en/try/?operation=get-v1-models-model")
    page.locator('[name="key"]').fill(KEY)
    page.locator('[name="parameter-model"]').fill("qwen3:8b/../x")
    page.locator('[type="submit"]').click()
    expect(page.locator(".try-answer__body")).to_contain_text("/v1/models/qwen3%3A8b%2F..%2Fx")
    expect(page.locator('[name="body"]')).to_be_hidden()


@LANGUAGES
def test_every_operation_of_the_reference_leads_to_its_form(open_page, language):
    page = open_page(f"{FOLDERS[language]}endpoints/")
    links = page.locator('a[href*="?operation="]')
    slugs = [link.get_attribute("href").partition("operation=")[2] for link in links.all()]
    assert len(slugs) >= 5
    links.nth(2).click()
    page.wait_for_url("**/try/?operation=*")
    assert page.locator('[name="operation"]').input_value() == slugs[2].partition("#")[0]


# -- the frame ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["models/", "prices/", "lifecycle/", "endpoints/", "try/"])
def test_a_page_prints_without_its_controls(open_page, path):
    page = open_page(path)
    page.emulate_media(media="print")
    for control in (".llm-form", ".page-tools", ".md-header", ".compare"):
        for found in page.locator(control).all():
            expect(found).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@LANGUAGES
@pytest.mark.parametrize(("address", "target"), RENAMED.items())
def test_an_old_address_leads_to_its_page(open_page, language, address, target):
    page = open_page(f"{FOLDERS[language]}{address}")
    page.wait_for_url(f"**/docs/{FOLDERS[language]}{target}")
    expect(page.locator("h1")).to_be_visible()


def test_an_alias_leads_to_the_page_of_its_model(open_page, catalog):
    model = next(model for model in catalog.models if model.aliases)
    page = open_page(f"en/models/{model_slug(model.aliases[0])}/")
    page.wait_for_url(f"**/docs/en/models/{model_slug(model.id)}/")
