"""Which files belong to a catalogue."""

from pathlib import Path

import pytest

from llmaas.generators import layout_of


@pytest.fixture
def repository(tmp_path):
    reference = tmp_path / "platform" / "llmaas" / "reference"
    reference.mkdir(parents=True)
    (reference / "__init__.py").touch()
    (tmp_path / "catalog").mkdir()
    return tmp_path


def test_our_own_catalogue_is_compiled_into_the_package_that_ships_it(repository):
    layout = layout_of(repository / "catalog" / "models_config.yaml")

    assert layout.root == repository
    assert layout.in_bundle("routing.json") == "platform/llmaas/reference/routing.json"
    assert layout.schema_file == "catalog/models_config.schema.json"


def test_our_own_catalogue_is_recognised_from_inside_its_directory(repository, monkeypatch):
    monkeypatch.chdir(repository / "catalog")

    assert layout_of(Path("models_config.yaml")).root == repository


def test_our_own_catalogue_compiled_elsewhere_touches_nothing_of_the_repository(
    repository, tmp_path
):
    layout = layout_of(repository / "catalog" / "models_config.yaml", bundle=tmp_path / "try")

    assert layout.bundle == tmp_path / "try"
    assert layout.schema is None


def test_another_catalogue_in_our_repository_is_an_operator_s(repository):
    layout = layout_of(repository / "catalog" / "smaller.yaml")

    assert layout.bundle == repository / "catalog" / "bundle"


def test_an_operator_has_his_bundle_beside_his_yaml(tmp_path):
    layout = layout_of(tmp_path / "models_config.yaml")

    assert layout.root == tmp_path
    assert layout.manifest == "bundle/manifest.json"
    assert layout.schema_file is None


def test_an_operator_s_bundle_may_be_far_from_his_yaml(tmp_path):
    layout = layout_of(tmp_path / "etc" / "models.yaml", bundle=tmp_path / "lib" / "bundle")

    assert layout.manifest == "../lib/bundle/manifest.json"
    assert (
        layout.root / layout.manifest
    ).resolve() == tmp_path / "lib" / "bundle" / "manifest.json"
