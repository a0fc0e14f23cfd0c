"""Whatever the source, the catalogue is valid and what is lost is said."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmaas.catalog import Catalog, parse_catalog, render_problems
from llmaas.catalog.imports import (
    Imported,
    ImportRefusedError,
    import_legacy,
    import_litellm,
    import_ollama,
    render_report,
)
from llmaas.catalog.imports.naming import billions_of, model_id_of

SOURCES = Path(__file__).parent / "sources"
TODAY = date(2026, 3, 1)
IMPORTS: dict[str, Callable[..., Imported]] = {
    "litellm.yaml": import_litellm,
    "ollama.txt": import_ollama,
    "ollama.json": import_ollama,
    "legacy.yaml": import_legacy,
}


def imported(name: str) -> Imported:
    return IMPORTS[name]((SOURCES / name).read_bytes(), today=TODAY)


def catalog_of(found: Imported) -> Catalog:
    read = parse_catalog(found.text.encode(), Path("imported.yaml"))
    assert read.usable, render_problems(read.problems)
    assert read.catalog is not None
    return read.catalog


@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_is_a_valid_catalogue_with_the_models_it_names(name: str) -> None:
    found = imported(name)
    assert tuple(model.id for model in catalog_of(found).models) == found.models


@pytest.mark.parametrize("name", IMPORTS)
def test_a_report_is_as_expected_and_fits_a_terminal(name: str) -> None:
    report = render_report(imported(name))
    assert report == (SOURCES / f"{name}.report").read_text(encoding="utf-8")
    assert max(map(len, report.splitlines())) <= 80


def test_keys_and_addresses_of_a_proxy_are_written_nowhere() -> None:
    found = imported("litellm.yaml")
    assert "sk-" not in found.text + render_report(found)
    assert "gpu-1.internal" not in found.text + render_report(found)


def test_the_deployments_of_one_model_become_one_model_with_its_aliases() -> None:
    (model,) = (each for each in catalog_of(imported("litellm.yaml")).models if "8b" in each.id)
    assert (model.id, model.aliases, model.upstream) == ("qwen3-8b", ("fast",), "Qwen/Qwen3-8B")


def test_french_tags_become_keys_and_french_sentences_are_reported() -> None:
    found = imported("legacy.yaml")
    first = catalog_of(found).models[0]
    assert first.tags == ("agent", "reasoning", "fast")
    assert [note.what for note in found.notes if note.subject == first.id and "use" in note.what]
    assert "Résumé" not in found.text


def test_prices_and_certificates_of_the_earlier_format_are_carried() -> None:
    catalog = catalog_of(imported("legacy.yaml"))
    assert [str(step.eur) for step in catalog.prices.reasoning_output.steps] == ["21"]
    assert {record.id: record.status for record in catalog.compliance}["secnumcloud"] == (
        "unconfirmed"
    )
    assert "c5" not in {record.id for record in catalog.compliance}


def test_a_model_that_cannot_be_in_a_catalogue_is_left_out_with_the_reason() -> None:
    found = imported("legacy.yaml")
    assert "vectors:278m" not in found.models
    (note,) = (each for each in found.notes if each.fate == "left out")
    assert "pooling" in note.why


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("qwen3:8b", "qwen3:8b"),
        ("Granite 3 Guardian 2B", "granite-3-guardian:2b"),
        ("Qwen2.5-VL 7B", "qwen2.5-vl:7b"),
        ("Foundation-Sec-8B", "foundation-sec-8b"),
        ("hf.co/owner/Some-7B-GGUF:Q4_K_M", "some-7b-gguf:q4_k_m"),
        ("a:b:c", "a:b-c"),
        ("été", "t"),
        ("模型", None),
        ("", None),
    ],
)
def test_a_name_becomes_the_closest_id(name: str, model_id: str | None) -> None:
    assert model_id_of(name) == model_id


def test_a_size_is_read_with_its_unit() -> None:
    assert [str(billions_of(text)) for text in ("278M", "7B (8.3B)", "0.5b", "large")] == [
        "0.278",
        "7",
        "0.5",
        "None",
    ]


@pytest.mark.parametrize("read", [import_litellm, import_ollama, import_legacy])
@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"{", b"a: [", b"\xff\xfe", b"model_list: []", b"stats: {}", b"- - -"],
)
def test_a_source_without_models_is_refused_with_the_reason(
    read: Callable[..., Imported], content: bytes
) -> None:
    with pytest.raises(ImportRefusedError, match=r"\w+"):
        read(content, today=TODAY)


odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
facts = st.dictionaries(
    st.sampled_from(
        [
            *("name", "editor", "parameters", "parameters_string", "context_size", "speed"),
            *("licence", "supports_tools", "supports_vision", "is_fast", "description"),
            "energy_per_million_tokens",
        ]
    ),
    odd,
)
tags = st.lists(st.sampled_from(["Agent", "Embedding", "Rapide", "Nouveau"]) | odd, max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(facts, tags), max_size=3), st.dictionaries(st.text(max_size=5), odd))
def test_whatever_a_source_says_the_result_is_valid_or_refused(
    models: list[tuple[dict[str, Any], list[Any]]], stats: dict[str, Any]
) -> None:
    listed = [{"name": "some:1b", **each, "tags": found} for each, found in models]
    source = json.dumps({"stats": stats, "large_models": listed})
    try:
        found = import_legacy(source.encode(), today=TODAY)
    except ImportRefusedError:
        return
    catalog_of(found)


if __name__ == "__main__":
    for source in IMPORTS:
        (SOURCES / f"{source}.report").write_text(render_report(imported(source)), encoding="utf-8")


@pytest.mark.parametrize("size", ["1e999999999999", "1e-5", "-1", ".nan", "true", "[1]"])
def test_a_context_that_is_no_number_of_tokens_is_reported_as_invented(size: str) -> None:
    content = f"models:\n- {{name: a-model, context_size: {size}}}\n".encode()
    imported = import_legacy(content, today=TODAY)
    assert "context_tokens" in render_report(imported)


def test_lists_that_hold_each_other_many_times_are_not_written_out() -> None:
    levels = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    levels += [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]"
        for old, new in zip("abcde", "bcdef", strict=True)
    ]
    entry = "models:\n- {name: a-model, editor: *f, licence: *f, tags: [*f], use_cases: [*f]}\n"
    content = "\n".join([*levels, entry]).encode()
    found = import_legacy(content, today=TODAY)
    assert len(found.text) + len(render_report(found)) < 20_000
