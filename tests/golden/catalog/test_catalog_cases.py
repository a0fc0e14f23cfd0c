"""The cases beside this file: one directory for each code.

    <code>/case.yaml              why it is wrong, and the lines of `base.yaml` that it replaces
    <code>/models_config.yaml     instead: a whole file, where the bytes matter
    <code>/expected.txt           exactly what `llmaas check` says about it

After a message was changed on purpose, write the outputs again and read the difference:

    python tests/golden/catalog/test_catalog_cases.py
"""

from datetime import date
from pathlib import Path

import pytest
import yaml

from llmaas.catalog import CODES, CatalogFile, parse_catalog, read_catalog, render_problems

CASES = Path(__file__).parent
TODAY = date(2026, 3, 1)
PRINTED_PATH = Path("models_config.yaml")
DIRECTORIES = sorted(path.parent for path in CASES.glob("*/expected.txt"))


def read_case(directory: Path) -> CatalogFile:
    whole = directory / "models_config.yaml"
    if whole.exists():
        return parse_catalog(whole.read_bytes(), PRINTED_PATH, TODAY)
    if (case := directory / "case.yaml").exists():
        return parse_catalog(assembled(case).encode(), PRINTED_PATH, TODAY)
    return read_catalog(Path("absent.yaml"), TODAY)


def assembled(case: Path) -> str:
    text = (CASES / "base.yaml").read_text(encoding="utf-8")
    for change in yaml.safe_load(case.read_text(encoding="utf-8"))["replace"]:
        assert text.count(change["this"]) == 1, f"{case}: {change['this']!r} is not in one place"
        text = text.replace(change["this"], change["by"])
    return text


def output(directory: Path) -> str:
    return render_problems(read_case(directory).problems, "text")


def test_every_code_has_a_case_and_every_case_a_code() -> None:
    assert [directory.name for directory in DIRECTORIES] == sorted(CODES)


def test_the_base_of_the_cases_is_without_a_problem() -> None:
    read = read_catalog(CASES / "base.yaml", TODAY)
    assert render_problems(read.problems) == "no problems\n"
    assert read.usable


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_case_prints_exactly_what_is_expected(directory: Path) -> None:
    assert output(directory) == (directory / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_case_shows_its_code_with_a_help(directory: Path) -> None:
    shown = [problem for problem in read_case(directory).problems if problem.code == directory.name]
    assert shown
    assert all(problem.help for problem in shown)
    assert all(problem.severity == CODES[directory.name].severity for problem in shown)


if __name__ == "__main__":
    for case_directory in (path for path in CASES.iterdir() if path.name in CODES):
        (case_directory / "expected.txt").write_text(output(case_directory), encoding="utf-8")
