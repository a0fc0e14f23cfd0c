"""The committed catalogue says what its sources say, and every key of it has words."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

import polib
import pytest

from llmaas.bundle import LifecycleEntry, Phase, add_months, phase_at, tables
from llmaas.catalog import Catalog, CatalogFile, read_catalog
from llmaas.catalog import model as authored

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "catalog" / "models_config.yaml"
STARTER = ROOT / "catalog" / "llmaas" / "catalog" / "starter.yaml"
MESSAGES = ROOT / "generators" / "llmaas" / "generators" / "messages"
LANGUAGES = ("fr", "en", "es", "de", "it")

LIFECYCLE_TABLE = (
    *("deepcoder:14b", "cogito:14b", "cogito:32b", "cogito:3b", "cogito:8b"),
    *("deepseek-r1:14b", "deepseek-r1:32b", "deepseek-r1:671b", "deepseek-r1:70b"),
    *("foundation-sec:8b", "gemma3:12b", "gemma3:1b", "gemma3:27b", "gemma3:4b"),
    *("granite-embedding:278m", "granite3-guardian:2b", "granite3-guardian:8b"),
    *("granite3.1-moe:3b", "granite3.2-vision:2b", "granite3.3:2b", "granite3.3:8b"),
    *("llama3.1:8b", "llama3.3:70b", "phi4-reasoning:14b", "magistral:24b"),
    *("mistral-small3.1:24b", "mistral-small3.2:24b", "devstral:24b", "lucie-instruct:7b"),
    *("qwen2.5:0.5b", "qwen2.5:1.5b", "qwen2.5:14b", "qwen2.5:32b", "qwen2.5:3b"),
    *("qwen2.5vl:32b", "qwen2.5vl:3b", "qwen2.5vl:72b", "qwen2.5vl:7b"),
    *("qwen3:0.6b", "qwen3:1.7b", "qwen3:14b", "qwen3:30b-a3b", "qwen3:4b", "qwen3:8b"),
    *("qwen3:32b", "qwen3:235b", "qwq:32b"),
)
OUTSIDE_THE_TABLE = ("qwen3-coder:30b", "qwen3-2507-think:30b-a3b", "deepseek-ocr", "whisper")

Entries = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def reference() -> CatalogFile:
    return read_catalog(CATALOGUE)


@pytest.fixture(scope="module")
def catalog(reference: CatalogFile) -> Catalog:
    assert reference.catalog is not None
    return reference.catalog


def models_by_id(catalog: Catalog) -> dict[str, authored.Model]:
    return {model.id: model for model in catalog.models}


def phase_of(catalog: Catalog, model_id: str, day: date) -> Phase:
    model = models_by_id(catalog)[model_id]
    return phase_at(
        LifecycleEntry(
            model=model.id,
            stability=model.stability,
            released_on=model.released_on,
            support_ends_on=model.support_ends_on,
            deprecated_on=model.deprecated_on,
            removed_on=model.removed_on,
            successor=model.successor,
        ),
        day,
    )


def vocabulary(language: str) -> Entries:
    file = polib.pofile(str(MESSAGES / f"vocabulary.{language}.po"), encoding="utf-8")
    assert file.metadata["Language"] == language
    return {(entry.msgctxt or "", entry.msgid): entry.msgstr for entry in file}


def choices(record: type[authored.Record], field: str) -> tuple[str, ...]:
    """The values that the schema allows for a field."""
    return get_args(record.model_fields[field].annotation)


def keys_used(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Every key of a catalogue whose words stand in the vocabulary."""
    yield from (("audience", tier.audience) for tier in catalog.tiers)
    yield from (("compliance", record.id) for record in catalog.compliance)
    for model in catalog.models:
        yield from (("tag", key) for key in model.tags)
        yield from (("use_case", key) for key in model.use_cases)
        yield from (("exception", exception.reason) for exception in model.exceptions)
        yield from (("rule", exception.rule) for exception in model.exceptions)


@pytest.mark.parametrize("path", [CATALOGUE, STARTER], ids=["reference", "starter"])
def test_a_catalogue_that_we_ship_has_no_errors(path: Path) -> None:
    read = read_catalog(path, today=date(2026, 11, 21))
    assert read.catalog is not None
    assert [problem for problem in read.problems if problem.severity == "error"] == []


def test_the_starter_has_no_warnings_either() -> None:
    assert read_catalog(STARTER, today=date(2026, 11, 21)).problems == ()


def test_the_reference_warns_of_what_is_published_and_cannot_be(reference: CatalogFile) -> None:
    """Daily limits that never bind; reasoning claimed for weights without a thinking mode."""
    warned = Counter(problem.code for problem in reference.problems)
    assert warned == {"limit-never-binds": 4, "reasoning-without-markers": 6}


def test_the_models_are_the_lifecycle_table_and_four_more(catalog: Catalog) -> None:
    assert tuple(model.id for model in catalog.models) == LIFECYCLE_TABLE + OUTSIDE_THE_TABLE
    assert len(catalog.models) == 51


def test_the_prices_are_the_published_ones(catalog: Catalog) -> None:
    stated = {
        name: (price.unit, price.rounding, [(step.effective_on, step.eur) for step in price.steps])
        for name, price in catalog.prices
    }
    since = date(2025, 6, 29)
    assert stated == {
        "input": ("million_tokens", "exact", [(since, Decimal("0.9"))]),
        "output": ("million_tokens", "exact", [(since, Decimal(4))]),
        "reasoning_output": ("million_tokens", "exact", [(since, Decimal(21))]),
        "audio": ("started_minute", "up", [(since, Decimal("0.01"))]),
    }


def test_the_tiers_are_the_published_ones(catalog: Catalog) -> None:
    stated = [
        (tier.upfront_credit_eur, tier.monthly_cap_eur, tier.output_tokens_per_hour)
        for tier in catalog.tiers
    ]
    assert stated == [
        (200, 1000, 150_000),
        (500, 3000, 300_000),
        (1000, 5000, 450_000),
        (4000, 10000, 600_000),
        (None, None, None),
    ]
    assert all(
        tier.output_tokens_per_day == 24 * tier.output_tokens_per_hour
        for tier in catalog.tiers
        if tier.output_tokens_per_hour is not None
    )


@pytest.mark.parametrize(
    ("model_id", "in_december_2025", "in_november_2026"),
    [
        ("granite3.3:8b", Phase.PRODUCTION, Phase.PRODUCTION),
        ("granite-embedding:278m", Phase.PRODUCTION, Phase.PRODUCTION),
        ("deepseek-r1:70b", Phase.PRODUCTION, Phase.END_OF_SUPPORT),
        ("mistral-small3.2:24b", Phase.PRODUCTION, Phase.END_OF_SUPPORT),
        ("cogito:32b", Phase.PRODUCTION, Phase.END_OF_SUPPORT),
        ("foundation-sec:8b", Phase.END_OF_SUPPORT, Phase.END_OF_SUPPORT),
        ("lucie-instruct:7b", Phase.END_OF_SUPPORT, Phase.END_OF_SUPPORT),
        ("qwen3:235b", Phase.DEPRECATED, Phase.RETIRED),
        ("gemma3:12b", Phase.DEPRECATED, Phase.RETIRED),
        ("qwen3-2507-think:30b-a3b", Phase.DEPRECATED, Phase.RETIRED),
        ("deepseek-ocr", Phase.PRODUCTION, Phase.PRODUCTION),
        ("whisper", Phase.PRODUCTION, Phase.PRODUCTION),
    ],
)
def test_phases_follow_from_the_dates(
    catalog: Catalog, model_id: str, in_december_2025: Phase, in_november_2026: Phase
) -> None:
    assert phase_of(catalog, model_id, date(2025, 12, 1)) is in_december_2025
    assert phase_of(catalog, model_id, date(2026, 11, 21)) is in_november_2026


def test_a_model_with_short_support_is_experimental_until_then(catalog: Catalog) -> None:
    assert phase_of(catalog, "foundation-sec:8b", date(2025, 7, 1)) is Phase.EXPERIMENTAL
    experimental = {model.id for model in catalog.models if model.stability == "experimental"}
    assert experimental == {"foundation-sec:8b", "lucie-instruct:7b"}


def test_three_models_were_removed_on_the_earliest_day_the_policy_allows(
    catalog: Catalog,
) -> None:
    notice = catalog.lifecycle.removal_notice_months
    removed = {model.id: model for model in catalog.models if model.removed_on is not None}
    assert set(removed) == {"qwen3:235b", "qwen3-2507-think:30b-a3b", "gemma3:12b"}
    for model in removed.values():
        assert model.deprecated_on is not None
        assert model.removed_on == add_months(model.deprecated_on, notice)


def test_whoever_loses_support_by_june_2026_has_a_successor_that_keeps_it(
    catalog: Catalog,
) -> None:
    models = models_by_id(catalog)
    ending = [
        model
        for model in catalog.models
        if model.support_ends_on is not None and model.support_ends_on <= date(2026, 6, 30)
    ]
    assert ending
    for model in ending:
        assert model.successor is not None, model.id
        successor = models[model.successor]
        assert successor.removed_on is None
        assert successor.support_ends_on is None or (
            model.support_ends_on is not None and successor.support_ends_on > model.support_ends_on
        )


def test_non_commercial_licences_are_excepted_in_the_open(catalog: Catalog) -> None:
    forbidden = {model.id for model in catalog.models if model.licence.commercial_use == "no"}
    excepted = {
        model.id
        for model in catalog.models
        for exception in model.exceptions
        if exception.rule == "non-commercial-licence"
    }
    assert forbidden == excepted == {"qwen2.5:3b", "qwen2.5vl:3b"}


def test_image_input_belongs_to_the_model_not_to_its_family(catalog: Catalog) -> None:
    models = models_by_id(catalog)
    assert models["gemma3:1b"].input_modalities == ("text",)
    assert models["gemma3:4b"].input_modalities == ("text", "image")
    assert all(
        (model.serving.mmproj is not None) == ("vision" in model.capabilities)
        for model in catalog.models
    )


def test_only_the_small_default_model_is_pinned(catalog: Catalog) -> None:
    assert [model.id for model in catalog.models if model.serving.pinned] == ["granite3.3:8b"]


def test_every_vocabulary_has_the_same_entries() -> None:
    entries = {language: set(vocabulary(language)) for language in LANGUAGES}
    for language in LANGUAGES:
        assert entries[language] ^ entries["fr"] == set(), language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_translated_and_carries_no_figure(language: str) -> None:
    for (context, key), text in vocabulary(language).items():
        assert text.strip() == text != "", (context, key)
        figures = re.sub(r"\b(AES|SHA)-256\b", "", text)  # names of algorithms
        assert not any(character.isdigit() for character in figures), (context, key)


@pytest.mark.parametrize("path", [CATALOGUE, STARTER], ids=["reference", "starter"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_a_catalogue_uses_has_words(language: str, path: Path) -> None:
    catalog = read_catalog(path).catalog
    assert catalog is not None
    assert set(keys_used(catalog)) - set(vocabulary(language)) == set()


def test_no_tag_or_use_case_is_translated_for_nothing(catalog: Catalog) -> None:
    def free_keys(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
        return {pair for pair in pairs if pair[0] in {"tag", "use_case", "exception"}}

    assert free_keys(set(vocabulary("fr"))) == free_keys(set(keys_used(catalog)))


@pytest.mark.parametrize(
    ("context", "keys"),
    [
        ("capability", get_args(tables.Capability)),
        ("endpoint", get_args(tables.Endpoint)),
        ("modality", get_args(tables.Modality)),
        ("phase", tuple(Phase)),
        ("price", get_args(tables.PriceId)),
        ("reasoning_mode", get_args(tables.ReasoningMode)),
        ("stability", get_args(tables.Stability)),
        ("tier_kind", get_args(tables.TierKind)),
        ("unit", get_args(tables.PriceUnit)),
        ("action", get_args(tables.VerdictAction)),
        ("channel", choices(authored.Support, "channel")),
        ("check", choices(authored.Detection, "id")),
        ("commercial_use", choices(authored.Licence, "commercial_use")),
        ("compliance_kind", choices(authored.ComplianceRecord, "kind")),
        ("compliance_scope", choices(authored.ComplianceRecord, "scope")),
        ("compliance_status", choices(authored.ComplianceRecord, "status")),
        ("endpoint_status", choices(authored.OfferedEndpoint, "status")),
        ("extended_support", choices(authored.LifecyclePolicy, "extended_support")),
        ("first_reply", choices(authored.Support, "first_reply")),
        ("integration_kind", choices(authored.Integration, "kind")),
        ("review", choices(authored.LifecyclePolicy, "review")),
        ("rounding", choices(authored.Price, "rounding")),
        ("rule", choices(authored.RuleException, "rule")),
        ("test_status", choices(authored.Integration, "test_status")),
    ],
)
def test_every_choice_of_the_schema_has_words(context: str, keys: tuple[str, ...]) -> None:
    assert {key for kind, key in vocabulary("fr") if kind == context} == set(keys)
