"""`check` loads the gateway only where the description of the API could be another one."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from tests.gateway.a_bundle import make_bundle

from llmaas.cli.catalog import remembered
from llmaas.cli.exits import Exit
from llmaas.gateway import openapi_document

BUNDLE = make_bundle()
TEXT = openapi_document(BUNDLE)


@pytest.fixture
def there(tmp_path, monkeypatch):
    """The file that was written, and known to be right."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "openapi.json"
    place.write_text(TEXT)
    assert remembered.openapi_of(BUNDLE, place) == TEXT
    return place


@pytest.fixture
def made(monkeypatch):
    """Descriptions that were made instead of read."""
    found = []

    def make(bundle):
        found.append(bundle)
        return TEXT

    monkeypatch.setattr("llmaas.gateway.openapi_document", make)
    return found


def test_what_is_known_to_be_right_is_read(there, made):
    assert remembered.openapi_of(BUNDLE, there) == TEXT
    assert made == []


def test_other_tables_make_it_anew(there, made):
    other = type(BUNDLE)(
        **{name: getattr(BUNDLE, name) for name in BUNDLE.__struct_fields__ if name != "tiers"},
        tiers=(),
    )
    remembered.openapi_of(other, there)
    assert made == [other]


def test_a_file_that_somebody_changed_is_not_believed(there, made):
    there.write_text(TEXT.replace("3.1", "3.0", 1))
    assert remembered.openapi_of(BUNDLE, there) == TEXT
    assert len(made) == 1


def test_other_code_makes_it_anew(there, made, tmp_path, monkeypatch):
    changed = Path(shutil.copy(remembered.sources()[0], tmp_path / "changed.py"))
    changed.write_text(changed.read_text() + "\n# more\n")
    files = [changed, *remembered.sources()[1:]]
    monkeypatch.setattr(remembered, "sources", lambda: files)
    remembered.openapi_of(BUNDLE, there)
    assert len(made) == 1


def test_everything_the_gateway_imports_of_llmaas_counts_as_code():
    counted = {path.resolve() for path in remembered.sources()}
    loaded = [
        Path(module.__file__).resolve()
        for name, module in sys.modules.items()
        if name.startswith("llmaas.gateway") and module.__file__
    ]
    assert loaded
    assert set(loaded) <= counted
    imported = {name.split(".")[1] for name in sys.modules if name.startswith("llmaas.")}
    neither = {"cli", "generators", "catalog", "reference"}
    assert imported - neither <= set(remembered.MADE_OF)


def test_a_cache_that_cannot_be_written_costs_time_only(there, made, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    assert remembered.openapi_of(BUNDLE, there) == TEXT
    assert remembered.openapi_of(BUNDLE, there) == TEXT
    assert len(made) == 2


def test_the_second_check_loads_no_gateway(llmaas, catalog, tmp_path):
    shutil.copy(catalog, tmp_path / "models_config.yaml")
    assert llmaas("generate").code == Exit.OK
    checked = llmaas("check", PYTHONPROFILEIMPORTTIME="1")
    assert checked.code == Exit.OK
    assert "llmaas.catalog" in checked.err
    assert "llmaas.gateway" not in checked.err
    assert "litestar" not in checked.err
