"""What holds for every catalogue."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmaas.bundle import bundle_files, read_bundle
from llmaas.generators import catalogue_sha256, compile_bundle

ids = st.from_regex(r"\A[a-z][a-z0-9.-]{0,8}(:[a-z0-9]{1,4})?\Z")
amounts = st.decimals("0.00001", "100000", places=5)
days = st.dates(date(2020, 1, 1), date(2040, 1, 1)).map(str)


def some(*values):
    return st.lists(st.sampled_from(values), min_size=1, unique=True)


model_changes = st.fixed_dictionaries(
    {
        "capabilities": some("tools", "vision", "reasoning", "embedding", "ocr"),
        "endpoints": some("chat.completions", "completions", "embeddings", "audio.transcriptions"),
        "input_modalities": some("text", "image", "audio"),
        "released_on": days,
        "stability": st.sampled_from(["stable", "experimental"]),
    },
    optional={
        "context_tokens": st.integers(1, 2**20),
        "support_ends_on": days,
        "deprecated_on": days,
        "removed_on": days,
        "serving": st.fixed_dictionaries(
            {
                "n_ctx": st.integers(1, 2**20),
                "n_seq_max": st.integers(1, 64),
                "pinned": st.booleans(),
                "machines": some("ma01", "ma02"),
            }
        ),
    },
)


@st.composite
def changes(draw, authored_model, authored_catalog):
    """A catalogue with several models, no two of which share a name."""
    names = draw(st.lists(ids, min_size=1, max_size=12, unique=True))
    n_models = draw(st.integers(1, len(names)))
    models = [authored_model(name, **draw(model_changes)) for name in names[:n_models]]
    for alias in names[n_models:]:
        models[draw(st.integers(0, n_models - 1))].setdefault("aliases", []).append(alias)
    prices = authored_catalog()["prices"]
    for price in prices.values():
        effective = draw(st.lists(days, min_size=1, max_size=3, unique=True))
        price["steps"] = [{"effective_on": day, "eur": draw(amounts)} for day in effective]
    return {"models": models, "prices": prices}


@pytest.fixture(scope="session")
def authored(authored_model, authored_catalog):
    return changes(authored_model, authored_catalog).map(lambda some: authored_catalog(**some))


quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(data=st.data())
def test_every_model_has_one_route_one_entry_one_worker_and_one_placement(
    data, authored, catalog_of
):
    catalog = catalog_of(data.draw(authored))
    bundle = compile_bundle(catalog)

    models = sorted(model.id for model in catalog.models)
    assert [route.model for route in bundle.routing] == models
    assert [entry.model for entry in bundle.lifecycle] == models
    assert [worker.pool for worker in bundle.workers] == [route.pool for route in bundle.routing]
    assert [row.pool for row in bundle.placement.placements] == [w.pool for w in bundle.workers]


@quick
@given(data=st.data())
def test_every_alias_leads_to_the_model_that_has_it(data, authored, catalog_of):
    catalog = catalog_of(data.draw(authored))

    routed = {
        alias: route.model for route in compile_bundle(catalog).routing for alias in route.aliases
    }

    assert routed == {alias: model.id for model in catalog.models for alias in model.aliases}


@quick
@given(data=st.data())
def test_a_bundle_comes_back_from_its_directory_as_it_went_in(data, authored, catalog_of):
    bundle = compile_bundle(catalog_of(data.draw(authored)))

    with TemporaryDirectory() as directory:
        for name, text in bundle_files(bundle, catalogue_sha256="0" * 64).items():
            (Path(directory) / name).write_text(text, encoding="utf-8")
        assert read_bundle(Path(directory)) == bundle


@quick
@given(data=st.data())
def test_the_order_of_models_in_the_yaml_changes_no_table(data, authored, catalog_of):
    value = data.draw(authored)
    shuffled = data.draw(st.permutations(value["models"]))

    assert compile_bundle(catalog_of(value)) == compile_bundle(
        catalog_of({**value, "models": shuffled})
    )


@quick
@given(data=st.data())
def test_adding_a_model_leaves_every_other_row_as_it_was(
    data, authored, authored_model, catalog_of
):
    value = data.draw(authored)
    added = authored_model("a-model-added")
    before = compile_bundle(catalog_of(value))

    after = compile_bundle(catalog_of({**value, "models": [*value["models"], added]}))

    for table in ("routing", "lifecycle", "workers"):
        kept = [row for row in getattr(after, table) if row not in getattr(before, table)]
        assert len(kept) == 1
        assert [r for r in getattr(after, table) if r not in kept] == list(getattr(before, table))


@quick
@given(data=st.data())
def test_the_way_a_number_is_written_changes_neither_bundle_nor_hash(data, authored, catalog_of):
    value = data.draw(authored)
    rewritten = {**value, "prices": _with_trailing_zeros(value["prices"])}

    first, second = catalog_of(value), catalog_of(rewritten)

    assert msgspec.json.encode(compile_bundle(first)) == msgspec.json.encode(compile_bundle(second))
    assert catalogue_sha256(first) == catalogue_sha256(second)


def _with_trailing_zeros(prices):
    def rewritten(step):
        return {**step, "eur": Decimal(f"{step['eur']:f}0")}

    return {
        name: {**price, "steps": [rewritten(step) for step in price["steps"]]}
        for name, price in prices.items()
    }
