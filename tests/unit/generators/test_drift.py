"""What `llmaas check` says about generated files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from llmaas.bundle import bundle_files
from llmaas.catalog import render_problems
from llmaas.generators import DRIFT_CODES, compare, compile_bundle, layout_of, write

GOLDEN = Path(__file__).parents[2] / "golden" / "generated"


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return layout_of(tmp_path / "models_config.yaml")


@pytest.fixture
def files(layout, authored_catalog, catalog_of):
    bundle = compile_bundle(catalog_of(authored_catalog()))
    inside = bundle_files(bundle, catalogue_sha256="0" * 64)
    return {layout.in_bundle(name): text for name, text in inside.items()}


def test_what_was_just_written_has_not_drifted(layout, files):
    write(layout, files)

    assert compare(layout, files) == ()


def test_a_project_that_was_never_generated_misses_every_file(layout, files):
    problems = compare(layout, files)

    assert {problem.code for problem in problems} == {"generated-missing"}
    assert [problem.path for problem in problems] == sorted(files)
    assert problems[0].help == "run `llmaas generate models_config.yaml`"


def test_the_command_that_mends_names_a_bundle_that_is_elsewhere(layout, files):
    elsewhere = replace(layout, bundle=layout.root / "try")

    problems = compare(elsewhere, files)

    assert problems[0].help == "run `llmaas generate models_config.yaml --bundle try`"


def test_a_stale_file_is_shown_at_the_line_where_it_parts(layout, files):
    write(layout, files)
    path = layout.bundle / "routing.json"
    old = path.read_text()
    path.write_text(old.replace('"context_tokens": 131072', '"context_tokens": 4096'))

    (problem,) = compare(layout, files)

    assert problem.code == "generated-stale"
    assert problem.severity == "error"
    assert problem.path == "bundle/routing.json"
    line = 1 + old.splitlines().index('    "context_tokens": 131072,')
    assert (problem.line, problem.column) == (line, 1)
    assert '  -    "context_tokens": 4096,\n  +    "context_tokens": 131072,' in problem.message


def test_the_difference_shown_stays_short_for_a_long_file(layout, files):
    write(layout, files)
    (layout.bundle / "tiers.json").write_text("\n".join(json.dumps(i) for i in range(9_000)))

    (problem,) = compare(layout, files)

    assert len(problem.message.splitlines()) < 20
    assert problem.message.endswith("…")


def test_a_line_added_in_the_middle_is_the_only_one_shown(layout, files):
    write(layout, files)
    lines = files["bundle/service.json"].split("\n")
    (layout.bundle / "service.json").write_text("\n".join([*lines[:3], "", *lines[3:]]))

    (problem,) = compare(layout, files)

    changed = [line for line in problem.message.splitlines()[1:] if line[2] in "+-"]
    assert changed == ["  -"]


def test_line_ends_of_another_system_are_stale(layout, files):
    write(layout, files)
    path = layout.bundle / "service.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert [problem.code for problem in compare(layout, files)] == ["generated-stale"]


def test_a_file_that_was_generated_once_is_an_orphan_that_generating_removes(layout, files):
    write(layout, files)
    fewer = {path: text for path, text in files.items() if path != "bundle/tiers.json"}

    (problem,) = compare(layout, fewer)

    assert (problem.path, problem.code) == ("bundle/tiers.json", "generated-orphan")
    assert problem.help == "run `llmaas generate models_config.yaml`, which removes it"


def test_a_file_of_somebody_else_is_an_orphan_that_a_person_must_move(layout, files):
    write(layout, files)
    (layout.bundle / "notes.txt").write_text("mine")

    (problem,) = compare(layout, files)

    assert (problem.path, problem.code) == ("bundle/notes.txt", "generated-orphan")
    assert problem.help is not None
    assert problem.help.startswith("move it")


def test_what_tools_and_the_package_keep_beside_a_bundle_is_no_orphan(layout, files):
    write(layout, files)
    (layout.bundle / "__init__.py").touch()
    (layout.bundle / "__pycache__").mkdir()
    (layout.bundle / ".gitattributes").touch()

    assert compare(layout, files) == ()


def test_a_directory_in_the_place_of_a_file_is_reported_and_not_raised(layout, files):
    (layout.bundle / "routing.json").mkdir(parents=True)

    codes = [p.message for p in compare(layout, files) if p.path == "bundle/routing.json"]

    assert codes == ["this generated file cannot be read: Is a directory"]


def damage(layout, code):
    match code:
        case "generated-missing":
            (layout.bundle / "tiers.json").unlink()
        case "generated-stale":
            path = layout.bundle / "prices.json"
            path.write_text(path.read_text().replace('"eur": "4"', '"eur": "5"'))
        case "generated-orphan":
            (layout.bundle / "notes.txt").touch()


@pytest.mark.parametrize("code", sorted(DRIFT_CODES))
def test_each_kind_of_drift_reads_as_its_golden_file(layout, files, code):
    write(layout, files)
    damage(layout, code)

    problems = compare(layout, files)

    assert [problem.code for problem in problems] == [code]
    assert render_problems(problems) == (GOLDEN / f"{code}.txt").read_text()


def test_every_golden_file_is_of_a_kind_of_drift():
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(DRIFT_CODES)
