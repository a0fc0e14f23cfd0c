import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from llmaas.bundle import (
    Bundle,
    BundleError,
    LifecycleEntry,
    Machine,
    Placement,
    PlacementTable,
    Price,
    PriceStep,
    Route,
    SecurityPolicy,
    Service,
    TierPolicy,
    WorkerSpec,
    bundle_files,
    read_bundle,
    read_document,
    read_manifest,
)

BUNDLE = Bundle(
    service=Service(
        name="Example",
        operator="Example Ltd",
        base_url="https://api.example.com/v1",
        time_zone="Europe/Paris",
        languages=("fr", "en"),
        owned_by="Example",
        removal_notice_months=3,
    ),
    routing=(
        Route(
            model="a:1b",
            aliases=("a",),
            display_name="A 1B",
            publisher="Société d’essai",
            endpoints=("chat.completions",),
            capabilities=(),
            input_modalities=("text",),
            output_modalities=("text",),
            context_tokens=32000,
            root="example/a-1b",
            pool="a:1b",
        ),
    ),
    lifecycle=(
        LifecycleEntry(
            model="a:1b",
            stability="stable",
            released_on=date(2025, 6, 13),
            support_ends_on=date(2026, 12, 31),
            deprecated_on=None,
            removed_on=None,
            successor=None,
        ),
    ),
    prices=(
        Price(
            id="input",
            unit="million_tokens",
            steps=(PriceStep(effective_on=date(2025, 1, 1), eur=Decimal("0.90")),),
        ),
    ),
    tiers=(
        TierPolicy(
            id="contract",
            kind="contract",
            upfront_credit_eur=None,
            monthly_cap_eur=None,
            output_tokens_per_hour=None,
            output_tokens_per_day=None,
        ),
    ),
    security=SecurityPolicy(
        enabled=True,
        checks=("check_structure",),
        flag_score=Decimal("0.5"),
        block_score=Decimal("0.8"),
        repetition_limit=30,
        repetition_window_s=600,
        repetition_action="flag",
    ),
    workers=(
        WorkerSpec(
            pool="a:1b",
            kind="generation",
            weights=None,
            mmproj=None,
            n_ctx=4096,
            n_seq_max=4,
            n_gpu_layers=-1,
            chat_format="chatml",
            tool_call_format=None,
            reasoning=None,
            pooling=None,
            embedding_dimensions=None,
            pinned=False,
        ),
    ),
    placement=PlacementTable(
        machines=(Machine(id="ma01", gpus=2, memory_gib_per_gpu=80),),
        placements=(Placement(pool="a:1b", machines=("ma01",)),),
    ),
)
CATALOGUE_SHA256 = "0" * 64


def files() -> dict[str, str]:
    return bundle_files(
        BUNDLE, catalogue_sha256=CATALOGUE_SHA256, documents={"openapi.json": '{"é": 1}\n'}
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, text in files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_bundle_is_read_as_it_was_written(directory: Path) -> None:
    assert read_bundle(directory) == BUNDLE


def test_amounts_keep_their_digits(directory: Path) -> None:
    (price,) = read_bundle(directory).prices
    assert str(price.steps[0].eur) == "0.90"


def test_the_same_facts_give_the_same_bytes() -> None:
    assert files() == files()


def test_the_manifest_comes_last_and_vouches_for_every_other_file() -> None:
    written = files()
    *others, last = written
    assert last == "manifest.json"
    listed = {entry["path"]: entry["sha256"] for entry in json.loads(written[last])["files"]}
    assert listed == {name: sha256(written[name].encode()).hexdigest() for name in others}


def test_the_manifest_names_the_catalogue(directory: Path) -> None:
    assert read_manifest(directory).catalogue_sha256 == CATALOGUE_SHA256


def test_a_document_is_read_when_it_is_vouched_for(directory: Path) -> None:
    assert read_document(directory, "openapi.json").decode() == '{"é": 1}\n'


def test_a_document_that_is_not_vouched_for_is_refused(directory: Path) -> None:
    (directory / "extra.json").write_text("{}")
    with pytest.raises(BundleError, match=r"extra\.json is not listed"):
        read_document(directory, "extra.json")


def test_a_path_out_of_the_directory_is_refused(directory: Path) -> None:
    with pytest.raises(BundleError, match="not listed"):
        read_document(directory, "../secret.json")


@pytest.mark.parametrize("name", sorted(set(files()) - {"manifest.json"}))
def test_an_altered_file_is_refused(directory: Path, name: str) -> None:
    path = directory / name
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(BundleError, match=f"{name}: altered since it was generated"):
        read_bundle(directory)


@pytest.mark.parametrize("name", sorted(set(files()) - {"manifest.json"}))
def test_a_missing_file_is_refused(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: No such file"):
        read_bundle(directory)


def test_a_directory_without_a_manifest_is_no_bundle(directory: Path) -> None:
    (directory / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"no manifest\.json, so this is no bundle"):
        read_bundle(directory)


def test_a_half_written_manifest_is_refused(directory: Path) -> None:
    path = directory / "manifest.json"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BundleError, match="run `llmaas generate` again"):
        read_bundle(directory)


def test_new_tables_beside_an_old_manifest_are_refused(directory: Path) -> None:
    """What a generator leaves that was stopped before it wrote the manifest."""
    path = directory / "prices.json"
    path.write_text(path.read_text().replace("0.90", "0.95"))
    with pytest.raises(BundleError, match=r"prices\.json: altered"):
        read_bundle(directory)


def test_another_schema_version_is_refused_by_number(directory: Path) -> None:
    path = directory / "manifest.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    with pytest.raises(BundleError, match="schema version 99, this program reads 1"):
        read_bundle(directory)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('"gpus": 2', '"gpus": "two"'),
        lambda text: text.replace('"gpus": 2', '"gpus": 2, "colour": "red"'),
        lambda text: text.replace('"gpus": 2,', ""),
        lambda text: text[:-20],
    ],
    ids=["a wrong type", "an unknown field", "a missing field", "no JSON"],
)
def test_a_table_that_does_not_fit_is_refused_even_if_vouched_for(
    directory: Path, damage: Callable[[str], str]
) -> None:
    path = directory / "placement.json"
    path.write_text(damage(path.read_text()))
    manifest = json.loads((directory / "manifest.json").read_text())
    for entry in manifest["files"]:
        entry["sha256"] = sha256((directory / entry["path"]).read_bytes()).hexdigest()
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"placement\.json: .*run `llmaas generate` again"):
        read_bundle(directory)


def test_a_manifest_that_leaves_out_a_table_is_refused(directory: Path) -> None:
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["files"] = [one for one in manifest["files"] if one["path"] != "tiers.json"]
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"tiers\.json is not listed"):
        read_bundle(directory)


@pytest.mark.parametrize("name", ["../evil.json", "/etc/passwd", "sub/evil.json", "..", ""])
def test_a_manifest_vouches_for_nothing_outside_of_its_directory(
    directory: Path, name: str
) -> None:
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["files"].append({"path": name, "sha256": sha256(b"").hexdigest()})
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="is not the name of a file in it"):
        read_manifest(directory)
