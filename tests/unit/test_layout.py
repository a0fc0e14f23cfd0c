"""The layout of the repository: what would break imports, builds or checks without a trace.

`platform` and `site` are names of the standard library, and one import package lies in three
directories. Both are fine as long as what is tested here holds.
"""

import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOTS = ("catalog", "generators", "platform")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def packages():
    """Every package of the namespace as (root, name)."""
    return [
        (root, path.name)
        for root in ROOTS
        for path in sorted((REPOSITORY / root / "llmaas").iterdir())
        if path.is_dir() and list(path.rglob("*.py"))
    ]


@pytest.mark.parametrize("directory", [*ROOTS, "site", "tests"])
def test_a_top_level_directory_is_no_package(directory):
    assert not (REPOSITORY / directory / "__init__.py").exists()


@pytest.mark.parametrize("root", ROOTS)
def test_a_part_of_the_namespace_does_not_claim_all_of_it(root):
    assert [path.name for path in (REPOSITORY / root / "llmaas").glob("*.py")] == []


@pytest.mark.parametrize("root", ROOTS)
def test_nothing_but_the_namespace_is_importable_from_a_root(root):
    importable = [
        path.name
        for path in (REPOSITORY / root).iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name not in {"llmaas", "__pycache__"})
    ]

    assert importable == []


@pytest.mark.parametrize("module", ["platform", "site"])
def test_the_standard_library_is_not_shadowed_where_everybody_starts_python(module):
    found = subprocess.run(
        [sys.executable, "-c", f"import {module}; print({module}.__file__)"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()

    assert Path(found).resolve().parent == Path(sysconfig.get_path("stdlib")).resolve()


def test_no_package_lies_in_two_roots():
    names = [name for _, name in packages()]

    assert sorted(set(names)) == sorted(names)


def test_every_package_but_a_part_of_the_namespace_has_an_init():
    without = [
        str(path.relative_to(REPOSITORY))
        for root, name in packages()
        for path in (REPOSITORY / root / "llmaas" / name).rglob("*")
        if path.is_dir() and list(path.glob("*.py")) and not (path / "__init__.py").exists()
    ]

    assert without == []


def test_tests_are_collected_by_path_and_not_as_packages():
    assert list((REPOSITORY / "tests").rglob("__init__.py")) == []


def test_build_types_and_style_know_the_same_roots(project):
    tool = project["tool"]

    assert sorted(tool["hatch"]["build"]["dev-mode-dirs"]) == sorted(ROOTS)
    wheel = tool["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(wheel) == [f"{root}/llmaas" for root in sorted(ROOTS)]
    assert sorted(tool["mypy"]["mypy_path"]) == sorted(ROOTS)
    assert set(tool["ruff"]["src"]) >= set(ROOTS)


def test_every_package_stands_on_a_layer_of_the_import_contract(project):
    (layers,) = (
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )

    on_a_layer = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    assert on_a_layer >= {f"llmaas.{name}" for _, name in packages()}


def test_every_import_contract_says_why(project):
    for contract in project["tool"]["importlinter"]["contracts"]:
        assert any(word in contract["name"] for word in ("so that", "because")), contract["name"]


def test_no_configuration_at_the_top_makes_mkdocs_delete_the_sources_of_the_site():
    # `mkdocs build` with a configuration here and no site_dir empties site/ first.
    assert not (REPOSITORY / "mkdocs.yml").exists()


def test_the_sources_of_the_site_are_not_ignored():
    # The usual .gitignore of Python projects has /site, where MkDocs builds by default.
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()

    assert not {"site", "site/", "/site", "/site/"} & set(ignored)
