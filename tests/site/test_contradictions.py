"""Every contradiction found elsewhere is impossible here, by construction or by a check."""

import ast
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.site.conftest import LANGUAGES, TODAY
from tests.site.contradictions import ROWS

from llmaas.bundle import model_slug
from llmaas.catalog.model import Catalog
from llmaas.generators.site.diagrams import DIAGRAM_NAMES, diagram_of
from llmaas.generators.site.formats import Formats
from llmaas.generators.site.markdown import plain
from llmaas.generators.site.prose.contents import paths, source
from llmaas.generators.site.prose.facts import events
from llmaas.generators.site.prose.fences import fences
from llmaas.generators.site.texts import Texts
from llmaas.generators.site.views import PRICE_IDS, view_catalog
from llmaas.generators.site.words import Words

TESTS = Path(__file__).parents[1]
CHAPTERS = {"A": 7, "B": 19, "C": 19, "D": 12, "E": 9, "G": 6, "H": 5, "I": 11, "J": 6, "K": 6}
WITHOUT_NUMBER = {"F", "L", "C11b"}
HOURS_OF_A_MONTH = 24 * 30
CLAIMED = (
    r"open.?source",
    r"conformité (maximale|totale)",
    r"\b(premier|première|unique) (cloud|service|offre|du marché|sur le marché)",
    r"100\s?%",
    r"sans plafond",
    r"indemnis",
    r"intégration native|nativement",
    r"\bleader\b",
    r"drop-in",
)


@pytest.fixture(scope="module")
def view(catalog):
    return view_catalog(catalog, today=TODAY, base_url="https://api.example/v1")


@pytest.fixture(scope="module")
def french(sites):
    """Everything that French readers are told, in small letters."""
    return "\n".join(sites["fr"].pages.values()).lower()


def rows_of_table(page, anchor):
    """The cells of the first table under a heading."""
    section = page.split(f"{{ #{anchor} }}")[1]
    table = re.search(r"(?:^\|.*\|\n)+", section, flags=re.MULTILINE)[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


# -- the list itself ------------------------------------------------------------------------------


def test_the_list_is_complete():
    numbered = {f"{letter}{n}" for letter, most in CHAPTERS.items() for n in range(1, most + 1)}
    later = {row for row in ROWS if re.fullmatch(r"M\d+", row)}
    assert set(ROWS) == numbered | WITHOUT_NUMBER | later


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_tests_that_exist(row):
    assert ROWS[row].tests
    for name in ROWS[row].tests:
        path, _, function = name.partition("::")
        if not function:
            assert (TESTS / path).is_dir(), name
            continue
        tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
        assert function in {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        }, name


def test_no_test_of_a_row_stands_here_without_being_named():
    named = {name.partition("::")[2] for row in ROWS.values() for name in row.tests}
    here = {name for name in globals() if re.match(r"test_[a-m]\d+b?_", name)}
    assert here <= named


# -- A -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a3_models_are_counted_by_what_they_do(sites, catalog, language):
    shown = rows_of_table(sites[language].pages["index.md"], "catalogue")
    texts, number = Texts(language), Formats(language).number
    totals = {cells[0].lower(): cells[2] for cells in shown}
    for capability in ("vision", "tools", "reasoning", "embedding", "ocr", "audio"):
        able = [model for model in catalog.models if capability in model.capabilities]
        assert totals[texts.word("capability", capability).lower()] == number(len(able))


def test_a4_a5_e7_the_range_is_that_of_models_that_write_text(sites, view):
    sizes = [
        model.total_b for model in view.callable if model.total_b and model.model.id != "whisper"
    ]
    writing = [m.total_b for m in view.callable if m.generative and m.total_b]
    assert min(sizes) < min(writing), "an embedding model is smaller than what the page may say"
    page = sites["en"].pages["models/index.md"]
    number = Formats("en").number
    assert f"range from {number(min(writing))} to {number(max(writing))} billion" in page


def test_a6_b16_every_model_is_listed_and_every_name_leads_to_one(sites, catalog):
    page = sites["fr"].pages["models/index.md"]
    lifecycle = sites["fr"].pages["lifecycle.md"]
    for model in catalog.models:
        assert f"`{model.id}`" in page
        assert f"[`{model.id}`](models/{model_slug(model.id)}.md)" in lifecycle
    names = [model.display_name for model in catalog.models]
    assert len(names) == len(set(names))


def test_a7_publishers_and_families_are_those_of_the_models(sites, catalog, view):
    number = Formats("fr").number
    home = sites["fr"].pages["index.md"]
    assert f"<b>{number(len(view.publishers))}</b><span>éditeurs de modèles" in home
    table = sites["fr"].pages["models/index.md"]
    for model in catalog.models:
        (line,) = (line for line in table.splitlines() if f"<br>`{model.id}` |" in line)
        assert model.publisher.split()[0] in line


# -- B -------------------------------------------------------------------------------------------


def test_b3_b7_b9_b13_b14_a_model_cannot_lack_what_its_lifecycle_needs():
    schema = Catalog.model_json_schema()["$defs"]
    model, policy = schema["Model"], schema["LifecyclePolicy"]
    assert {"publisher", "released_on", "stability", "display_name"} <= set(model["required"])
    assert set(model["properties"]["stability"]["enum"]) == {"stable", "experimental"}
    assert "phase" not in model["properties"], "a phase follows from dates, and is not written"
    assert "extended_support" in policy["required"]


def test_b11_every_change_is_in_the_journal_on_its_day(sites, catalog):
    journal = sites["en"].pages["maintain/changelog.md"]
    for event in events(catalog):
        assert f"{{ #{event.day} }}" in journal
        for subject in event.subjects:
            assert event.kind == "price" or f"`{subject}`" in journal


def test_b12_every_date_is_written_as_a_day(catalog):
    for model in catalog.models:
        days = (model.released_on, model.deprecated_on, model.support_ends_on, model.removed_on)
        assert all(day is None or isinstance(day, date) for day in days)


# -- C -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_c1_c2_c4_c5_each_record_has_one_status_and_one_scope(sites, catalog, language):
    texts = Texts(language)
    shown = rows_of_table(sites[language].pages["index.md"], "conformite")
    assert len(shown) == len(catalog.compliance)
    for cells, record in zip(shown, catalog.compliance, strict=True):
        assert texts.word("compliance_scope", record.scope) == cells[3]
        assert texts.word("compliance_status", record.status) in cells[4]
        assert f"badge--{record.status}" in cells[4]
    named = {record.id for record in catalog.compliance}
    assert {"secnumcloud", "hds", "c5"} <= named


def test_no_text_claims_what_no_record_carries(french):
    found = {claim: re.search(claim, french) for claim in CLAIMED}
    assert {claim: match[0] for claim, match in found.items() if match} == {}


def test_c9_encryption_from_end_to_end_is_only_ever_denied(sites):
    for path, page in sites["fr"].pages.items():
        for sentence in re.split(r"(?<=[.!?])\s", page):
            if "bout en bout" in sentence:
                assert "n’est pas" in sentence, path


def test_c11b_no_picture_is_drawn_by_hand_or_names_a_model(sites, catalog):
    for page in sites["fr"].pages.values():
        assert "![" not in re.sub(r"```.*?```|`[^`\n]*`", "", page, flags=re.DOTALL)
        assert "<img" not in page
    words = Words(Texts("fr").gettext, Texts("fr").word, Formats("fr").number)
    names = {model.id for model in catalog.models}
    for name in DIAGRAM_NAMES:
        texts = " ".join(
            f"{box.title} {box.note}" for box in diagram_of(name, catalog, words).boxes
        )
        assert not [each for each in names if each in texts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_c13_the_number_of_machines_is_that_of_the_fleet(sites, catalog, language):
    page = sites[language].pages["concepts/architecture.md"]
    paragraph = page.split("{ #les-machines }")[1].split("\n##")[0]
    assert re.findall(r"\d+", paragraph) == [str(len(catalog.fleet.machines))]


# -- D -------------------------------------------------------------------------------------------


def test_d2_the_sample_that_computes_a_cost_has_every_token_price(sites, catalog):
    (sample,) = (
        fence.code
        for fence in fences(sites["fr"].pages["guides/cost.md"])
        if fence.language == "python"
    )
    for price in ("input", "output", "reasoning_output"):
        eur = getattr(catalog.prices, price).steps[-1].eur
        assert f'Decimal("{eur}")' in sample
    assert "completion_tokens - reasoning" in sample


@pytest.mark.parametrize("language", LANGUAGES)
def test_d4_d6_every_class_has_one_price_in_one_list(sites, catalog, language):
    texts = Texts(language)
    shown = rows_of_table(sites[language].pages["prices.md"], "prix")
    assert [cells[0] for cells in shown] == [texts.word("price", id_) for id_ in PRICE_IDS]
    for cells, id_ in zip(shown, PRICE_IDS, strict=True):
        assert texts.word("unit", getattr(catalog.prices, id_).unit) == cells[2]


def test_d8_what_a_tier_lets_through_in_a_month_is_known(catalog):
    """At its rate all month a tier stays below its cap unless it reasons: the rate is what binds.

    The published cap and rate disagree only where even reasoning all month would not reach the cap.
    """
    eur = {id_: getattr(catalog.prices, id_).steps[-1].eur for id_ in PRICE_IDS}
    reached = {}
    for tier in catalog.tiers:
        if tier.kind == "contract":
            continue
        tokens = Decimal(tier.output_tokens_per_hour * HOURS_OF_A_MONTH)
        answers, reasoning = (tokens * eur[id_] / 10**6 for id_ in ("output", "reasoning_output"))
        assert answers < tier.monthly_cap_eur
        reached[tier.id] = reasoning >= tier.monthly_cap_eur
    assert reached == {"tier-1": True, "tier-2": True, "tier-3": True, "tier-4": False}


@pytest.mark.parametrize("language", LANGUAGES)
def test_d9_every_tier_is_in_the_table_contracts_included(sites, catalog, language):
    shown = rows_of_table(sites[language].pages["prices.md"], "paliers")
    assert [cells[0] for cells in shown] == [f"`{tier.id}`" for tier in catalog.tiers]
    assert any(tier.kind == "contract" for tier in catalog.tiers)


# -- E -------------------------------------------------------------------------------------------


def test_e4_the_page_on_scanned_pages_names_both_kinds_of_model(sites, catalog):
    page = sites["fr"].pages["guides/ocr.md"]
    named = {model for model in catalog.models if f"`{model.id}`" in page}
    assert any("ocr" in model.capabilities for model in named)
    assert "vision" in page


def test_e8_a_model_has_no_free_description():
    fields = Catalog.model_json_schema()["$defs"]["Model"]["properties"]
    assert not {"description", "summary", "text", "notes", "count"} & set(fields)


def test_e9_the_languages_of_pages_are_those_of_the_catalogue(built, catalog):
    assert tuple(catalog.service.languages) == LANGUAGES
    folders = {path.name for path in (built / "docs").iterdir() if path.is_dir()}
    assert set(LANGUAGES[1:]) <= folders
    page = (built / "docs" / "sitemap.xml").read_text(encoding="utf-8")
    assert set(re.findall(r'hreflang="([a-z]{2})"', page)) == set(LANGUAGES)


# -- G, H ----------------------------------------------------------------------------------------


def test_g1_g2_g5_the_page_on_cost_computes_its_energies(sites, view):
    page = sites["fr"].pages["guides/cost.md"]
    written = source("guides/cost.md")
    assert "La taille n’explique pas tout" in page
    assert "Le prix d’un token ne dépend pas du modèle" in page
    assert not re.search(r"\d\s*kWh", written)
    for cells in rows_of_table(page, "mesurer-l-energie"):
        (id_,) = re.findall(r"`([^`]+)`", cells[0])
        assert cells[1] == Formats("fr").number(view.by_id[id_].kwh_per_mtok)


@pytest.mark.parametrize("language", LANGUAGES)
def test_g3_every_energy_has_its_unit_in_every_language(sites, language):
    texts = Texts(language)
    label = texts.gettext("Énergie (kWh par million de tokens)")
    assert re.search(r"kWh", label)
    assert re.search(r"mil+i[oó]n|millón", label, flags=re.IGNORECASE)
    assert f"| {label} |" in sites[language].pages["models/index.md"]
    assert f"| {label} |" in sites[language].pages["models/qwen3-8b.md"]


def test_g4_g6_a_measurement_says_where_it_is_from(sites, catalog):
    for model in catalog.models:
        if model.measured is None:
            continue
        assert re.search(r"20\d\d-\d\d-\d\d", model.measured.source), model.id
        page = sites["de"].pages[f"models/{model_slug(model.id)}.md"]
        assert plain(model.measured.source) in page


def test_h3_h4_no_page_estimates_tokens_by_letters(french):
    assert not re.search(r"(?<!de )\bcaractères par token|// ?4|\* ?0?\.25\b", french)
    assert "le seul nombre exact est celui de `usage`" in french


@pytest.mark.parametrize("path", ["start/quickstart.md", "api/errors.md"])
def test_h5_pages_that_limit_answers_say_how_a_cut_one_is_known(path):
    assert "finish_reason" in source(path)
    assert "length" in source(path)


# -- J, K, M -------------------------------------------------------------------------------------


def test_j2_j4_frameworks_called_tested_are_those_with_samples(catalog, sites):
    tested = {i.id for i in catalog.integrations if i.test_status == "tested"}
    with_packages = {Path(path).stem for path in paths() if "\npackages: [" in source(path)}
    frameworks = {i.id for i in catalog.integrations if i.kind == "framework"}
    assert tested & frameworks == with_packages & frameworks
    home, page = (sites["fr"].pages[path] for path in ("index.md", "api/compatibility.md"))
    for integration in catalog.integrations:
        # One row per kind: the kind, what is tested, what is not.
        cells = next(line for line in home.splitlines() if integration.name in line).split(" | ")
        assert (integration.name in cells[1]) == (integration.test_status == "tested")
        assert f"| {integration.name} |" in page


def test_k1_no_sample_cleans_prompts():
    code = "\n".join(fence.code for path in paths() for fence in fences(source(path)))
    assert not re.search(r"sanitize|clean_prompt|escape_prompt", code)


def test_k5_the_sample_that_repeats_has_a_limit():
    (sample,) = (f.code for f in fences(source("api/errors.md")) if f.language == "python")
    assert "max_retries=" in sample
    assert "while True" not in sample


def test_k6_a_cost_before_the_call_is_called_an_upper_bound():
    assert "un coût ne s’estime qu’à la hausse" in source("guides/cost.md")


def test_m11_m12_what_is_not_served_is_not_described(openapi, sites):
    for path in ("rerank", "batches", "files"):
        assert not [each for each in openapi["paths"] if path in each]
        assert f"/v1/{path}" not in "\n".join(sites["fr"].pages.values())
