"""The cases beside this file: one directory for each rule that can be broken, and for each class.

    <case>/case.yaml       the day, and the lines of the base that differ on each side
    <case>/ledger.csv      last month's usage, where the case has one
    <case>/expected.txt    exactly what `llmaas plan` says

After a message was changed on purpose, write the outputs again and read the difference:

    python tests/golden/plan/test_plan_cases.py
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from llmaas.catalog import Catalog, parse_catalog
from llmaas.catalog.plan import RULES, Effect, Plan, plan, read_ledger, render_plan

CASES = Path(__file__).parent
BASE = CASES.parent / "catalog" / "base.yaml"
DIRECTORIES = sorted(path.parent for path in CASES.glob("*/case.yaml"))


def side(changes: list[dict[str, str]]) -> Catalog:
    """One of the two catalogues; it may be one that `llmaas check` would refuse."""
    text = BASE.read_text(encoding="utf-8")
    for change in changes:
        assert text.count(change["this"]) == 1, f"{change['this']!r} is not in one place"
        text = text.replace(change["this"], change["by"])
    read = parse_catalog(text.encode(), Path("models_config.yaml"))
    assert read.catalog is not None, read.problems
    return read.catalog


def planned(directory: Path) -> Plan:
    case: dict[str, Any] = yaml.safe_load((directory / "case.yaml").read_text(encoding="utf-8"))
    ledger = directory / "ledger.csv"
    usage = read_ledger(ledger.read_text().splitlines()) if ledger.exists() else ()
    before, after = side(case.get("before", [])), side(case.get("after", []))
    return plan(before, after, today=case["today"], ledger=usage)


def output(directory: Path) -> str:
    return render_plan(planned(directory), "HEAD")


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_case_prints_exactly_what_is_expected(directory: Path) -> None:
    assert output(directory) == (directory / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_case_fits_a_terminal_of_80_columns(directory: Path) -> None:
    assert max(map(len, output(directory).splitlines())) <= 80


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_case_that_breaks_it_and_names_the_remedy(rule: str) -> None:
    broken = [each for each in planned(CASES / rule).changes if each.judgement.rule == rule]
    assert broken
    assert all(each.effect is Effect.BREAKING and each.judgement.help for each in broken)


@pytest.mark.parametrize("effect", Effect)
def test_every_class_has_cases(effect: Effect) -> None:
    assert effect in {planned(directory).effect for directory in DIRECTORIES}


@pytest.mark.parametrize("name", ["json", "markdown"])
def test_a_plan_for_programs_and_for_reviews_is_as_expected(name: str) -> None:
    rendered = render_plan(planned(CASES / "price-without-notice"), "HEAD", name)
    assert rendered == (CASES / f"formats.{name}").read_text(encoding="utf-8")


if __name__ == "__main__":
    for case_directory in DIRECTORIES:
        (case_directory / "expected.txt").write_text(output(case_directory), encoding="utf-8")
    for name in ("json", "markdown"):
        rendered = render_plan(planned(CASES / "price-without-notice"), "HEAD", name)
        (CASES / f"formats.{name}").write_text(rendered, encoding="utf-8")
