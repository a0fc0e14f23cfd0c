"""The decisions that compiling takes, one by one."""

from datetime import date
from decimal import Decimal

import pytest

from llmaas.bundle import Placement, PriceStep, to_json
from llmaas.generators import compile_bundle


@pytest.fixture
def bundle_of(authored_catalog, catalog_of):
    def build(**changes):
        return compile_bundle(catalog_of(authored_catalog(**changes)))

    return build


def test_the_service_table_names_the_operator_and_keeps_the_order_of_languages(bundle_of):
    service = bundle_of().service

    assert service.operator == "Small operator"
    assert service.languages == ("fr", "en")
    assert service.removal_notice_months == 3


def test_a_route_carries_the_aliases_sorted_and_the_sets_in_their_declared_order(
    bundle_of, authored_model
):
    model = authored_model(
        aliases=["small-b", "small-a"],
        capabilities=["reasoning", "vision", "tools"],
        input_modalities=["image", "text"],
    )

    (route,) = bundle_of(models=[model]).routing

    assert route.aliases == ("small-a", "small-b")
    assert route.capabilities == ("tools", "vision", "reasoning")
    assert route.input_modalities == ("text", "image")
    assert route.root == "publisher/granite:8b"


def test_an_endpoint_that_is_only_planned_is_on_no_route(bundle_of, authored_model):
    whisper = authored_model("whisper", endpoints=["audio.transcriptions"])
    chat = authored_model("chat", endpoints=["completions", "chat.completions"])

    routes = {route.model: route for route in bundle_of(models=[whisper, chat]).routing}

    assert routes["whisper"].endpoints == ()
    assert routes["chat"].endpoints == ("chat.completions", "completions")


def test_an_endpoint_that_the_service_does_not_offer_is_on_no_route(bundle_of, authored_model):
    offered = [{"id": "chat.completions", "status": "served"}]
    model = authored_model(endpoints=["chat.completions", "completions"])

    (route,) = bundle_of(endpoints=offered, models=[model]).routing

    assert route.endpoints == ("chat.completions",)


def test_a_retired_model_keeps_its_route_and_its_worker(bundle_of, authored_model):
    retired = authored_model("old", removed_on="2025-01-02", successor="new")

    bundle = bundle_of(models=[retired, authored_model("new")])

    assert [route.model for route in bundle.routing] == ["new", "old"]
    assert [worker.pool for worker in bundle.workers] == ["new", "old"]
    assert bundle.lifecycle[1].removed_on == date(2025, 1, 2)
    assert bundle.lifecycle[1].successor == "new"


def test_a_date_that_nobody_announced_is_not_invented(bundle_of):
    (entry,) = bundle_of().lifecycle

    assert entry.support_ends_on is None
    assert entry.deprecated_on is None


def test_price_steps_are_oldest_first_and_written_without_trailing_zeros(
    bundle_of, authored_catalog
):
    prices = authored_catalog()["prices"]
    prices["input"]["steps"] = [
        {"effective_on": "2026-01-01", "eur": Decimal("1.10")},
        {"effective_on": "2025-01-01", "eur": Decimal("0.90")},
    ]

    bundle = bundle_of(prices=prices)

    assert [price.id for price in bundle.prices] == ["input", "output", "reasoning_output", "audio"]
    assert bundle.prices[0].steps == (
        PriceStep(effective_on=date(2025, 1, 1), eur=Decimal("0.9")),
        PriceStep(effective_on=date(2026, 1, 1), eur=Decimal("1.1")),
    )
    assert '"eur": "0.9"' in to_json(bundle.prices)


def test_a_round_amount_is_written_without_an_exponent(bundle_of):
    tier = {
        "id": "tier-2",
        "kind": "prepaid",
        "audience": "team",
        "monthly_cap_eur": Decimal("1E+3"),
    }

    assert '"monthly_cap_eur": "1000"' in to_json(bundle_of(tiers=[tier]).tiers)


def test_an_absent_limit_of_a_tier_stays_absent(bundle_of):
    tier = {"id": "contract", "kind": "contract", "audience": "enterprise"}

    (policy,) = bundle_of(tiers=[tier]).tiers

    assert policy.monthly_cap_eur is None
    assert policy.output_tokens_per_hour is None


def test_a_check_that_is_switched_off_does_not_run(bundle_of, authored_catalog):
    security = authored_catalog()["security"]
    security["checks"] = [
        {"id": "check_behavior", "enabled": True},
        {"id": "check_patterns", "enabled": False},
        {"id": "check_structure", "enabled": True},
    ]

    assert bundle_of(security=security).security.checks == ("check_structure", "check_behavior")


def test_a_security_layer_without_checks_counts_as_switched_off(bundle_of, authored_catalog):
    security = authored_catalog()["security"]
    security["checks"] = [{"id": "check_patterns", "enabled": False}]

    assert bundle_of(security=security).security.enabled is False


def test_a_worker_knows_its_files_and_its_formats(bundle_of, authored_model):
    weights = {
        "repository": "publisher/granite-GGUF",
        "file": "granite.gguf",
        "quantisation": "Q4_K_M",
        "verified": False,
    }
    reasoning = {"open": "<think>", "close": "</think>", "mode": "always"}
    model = authored_model(serving={"weights": weights, "reasoning": reasoning, "pinned": True})

    (worker,) = bundle_of(models=[model]).workers

    assert worker.weights is not None
    assert worker.weights.file == "granite.gguf"
    assert worker.weights.sha256 is None
    assert worker.mmproj is None
    assert worker.reasoning is not None
    assert worker.reasoning.close == "</think>"
    assert worker.pinned


def test_preferred_machines_keep_the_order_of_preference(bundle_of, authored_model):
    machine = {"gpus": 1, "memory_gib_per_gpu": 80}
    fleet = {"machines": [{"id": "ma02", **machine}, {"id": "ma01", **machine}]}
    model = authored_model(serving={"machines": ["ma02", "ma01"]})

    placement = bundle_of(fleet=fleet, models=[model]).placement

    assert [m.id for m in placement.machines] == ["ma01", "ma02"]
    assert placement.placements == (Placement(pool="granite:8b", machines=("ma02", "ma01")),)
