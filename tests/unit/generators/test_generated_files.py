"""From a YAML file to the text of everything that is generated from it."""

from pathlib import Path

import msgspec
import pytest

from llmaas.bundle import read_bundle, read_document, read_manifest
from llmaas.catalog import json_schema, read_catalog
from llmaas.generators import catalogue_sha256, compare, generated_files, layout_of, write


def describe(bundle):
    return f"{len(bundle.routing)} models\n"


@pytest.fixture
def catalogue(tmp_path, authored_catalog):
    """An operator's YAML: JSON is YAML, and keeps the decimals of the values it is made of."""
    path = tmp_path / "models_config.yaml"
    encoder = msgspec.json.Encoder(decimal_format="number")
    path.write_bytes(msgspec.json.format(encoder.encode(authored_catalog())))
    return path


def generate(path: Path) -> dict[str, str]:
    return generated_files(read_catalog(path), openapi=describe)


def test_an_operator_s_files_are_those_of_his_bundle(catalogue):
    assert [Path(path).parent.name for path in generate(catalogue)] == ["bundle"] * 10


def test_the_bundle_carries_the_description_of_the_api_that_it_gives(catalogue):
    layout = layout_of(catalogue)
    write(layout, generate(catalogue))

    assert read_document(layout.bundle, "openapi.json") == b"1 models\n"


def test_the_manifest_says_from_which_catalogue_the_bundle_is(catalogue):
    layout = layout_of(catalogue)
    write(layout, generate(catalogue))

    catalog = read_catalog(catalogue).catalog
    assert catalog is not None
    assert read_manifest(layout.bundle).catalogue_sha256 == catalogue_sha256(catalog)


def test_our_own_catalogue_has_its_schema_generated_beside_it(catalogue, tmp_path):
    reference = tmp_path / "platform" / "llmaas" / "reference"
    reference.mkdir(parents=True)
    (reference / "__init__.py").touch()
    (tmp_path / "catalog").mkdir()
    ours = catalogue.rename(tmp_path / "catalog" / "models_config.yaml")

    files = generate(ours)
    write(layout_of(ours), files)

    assert files["catalog/models_config.schema.json"] == json_schema()
    assert (tmp_path / "catalog" / "models_config.schema.json").read_text() == json_schema()
    assert len(read_bundle(reference).routing) == 1


def test_an_edit_of_comments_and_layout_changes_no_generated_file(catalogue):
    before = generate(catalogue)
    text = catalogue.read_text().replace('"prices"', "\n\n# reviewed\n  prices")
    catalogue.write_text(f"# a note on top\n{text}# and one at the end\n")

    assert generate(catalogue) == before


def test_an_edit_of_a_price_changes_the_price_table_and_the_manifest_only(catalogue):
    before = generate(catalogue)
    catalogue.write_text(catalogue.read_text().replace("21.00", "20.50"))

    after = generate(catalogue)

    changed = {path for path in before if before[path] != after[path]}
    assert changed == {"bundle/prices.json", "bundle/manifest.json"}


def test_an_edit_that_was_not_generated_is_found_and_mended(catalogue):
    layout = layout_of(catalogue)
    write(layout, generate(catalogue))
    catalogue.write_text(catalogue.read_text().replace("21.00", "20.50"))

    stale = compare(layout, generate(catalogue))
    changes = write(layout, generate(catalogue))

    assert [Path(problem.path).name for problem in stale] == ["manifest.json", "prices.json"]
    assert [change.path.name for change in changes] == ["prices.json", "manifest.json"]
    assert compare(layout, generate(catalogue)) == ()


def test_nothing_is_generated_from_a_catalogue_with_errors(catalogue):
    catalogue.write_text(catalogue.read_text().replace('"prices"', '"price"'))

    with pytest.raises(ValueError, match=r"models_config\.yaml: has errors"):
        generate(catalogue)
