import random
from datetime import date
from hashlib import sha256
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from llmaas.catalog import CODES, parse_catalog, read_catalog, render_problems
from llmaas.catalog.rules import DAILY_RULES, RULES

BASE = Path(__file__).parents[2] / "golden" / "catalog" / "base.yaml"
TODAY = date(2026, 3, 1)


def test_the_path_is_printed_as_the_caller_gave_it(tmp_path: Path) -> None:
    read = read_catalog(tmp_path / "absent.yaml")
    assert read.problems[0].path == str(tmp_path / "absent.yaml")
    assert read.catalog is None
    assert not read.usable


def test_a_directory_is_no_catalogue(tmp_path: Path) -> None:
    (problem,) = read_catalog(tmp_path).problems
    assert problem.code == "unreadable-file"


def test_the_hash_is_of_the_bytes_of_the_file() -> None:
    assert read_catalog(BASE).sha256 == sha256(BASE.read_bytes()).hexdigest()


def test_a_catalogue_with_a_contradiction_is_there_but_not_usable() -> None:
    text = BASE.read_text().replace("successor: new:8b", "successor: newer:8b")
    read = parse_catalog(text.encode(), Path("f.yaml"), TODAY)
    assert read.catalog is not None
    assert not read.usable


def test_a_catalogue_with_a_warning_is_usable() -> None:
    text = BASE.read_text().replace("per_day: 10000", "per_day: 24000")
    read = parse_catalog(text.encode(), Path("f.yaml"), TODAY)
    assert [problem.severity for problem in read.problems] == ["warning"]
    assert read.usable


def test_rules_wait_until_the_structure_is_right() -> None:
    text = BASE.read_text().replace("/v1", "").replace("    family: New\n", "")
    assert {one.code for one in parse_catalog(text.encode(), Path("f")).problems} == {"missing-key"}


def test_the_day_matters_only_where_it_is_given() -> None:
    text = BASE.read_text().replace("    deprecated_on: 2025-08-01\n", "")
    text = text.replace("    removed_on: 2025-11-30\n    successor: new:8b\n", "")
    path = Path("f.yaml")
    assert parse_catalog(text.encode(), path).problems == ()
    assert parse_catalog(text.encode(), path, date(2025, 10, 30)).problems == ()
    (problem,) = parse_catalog(text.encode(), path, date(2025, 10, 31)).problems
    assert problem.code == "ended-without-successor"


def test_a_place_can_be_asked_for_by_those_who_find_problems_later() -> None:
    read = read_catalog(BASE, TODAY)
    position = read.document.position(("models", 0, "display_name"))
    line = BASE.read_text().splitlines()[position.line - 1]
    assert line[position.column - 1 :] == "Old 7B"


def test_every_rule_says_what_it_is_for() -> None:
    assert all(rule.__doc__ for rule in (*RULES, *DAILY_RULES))


def test_every_code_is_explained_and_no_explanation_is_used_twice() -> None:
    explanations = [code.explanation for code in CODES.values()]
    assert len(set(explanations)) == len(explanations)
    assert all(text.endswith(".") for text in explanations)


@settings(max_examples=150, deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=1, max_value=6))
def test_a_damaged_catalogue_is_read_or_explained(seed: int, damages: int) -> None:
    damage = random.Random(seed)
    lines = BASE.read_text().split("\n")
    for _ in range(damages):
        at = damage.randrange(len(lines))
        other = damage.randrange(len(lines))
        match damage.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[other])
            case 2:
                lines[at] = lines[at].replace(": ", damage.choice([":", ": -", ": [", ": 0x7 "]), 1)
            case 3:
                lines[at] = lines[at][damage.randrange(1 + len(lines[at])) :]
            case 4:
                words = lines[other].split()
                lines[at] = lines[at].rsplit(" ", 1)[0] + " " + (words[-1] if words else "~")
            case _:
                lines[at] = lines[at].replace("20", damage.choice(["19", "99", "00", "2O"]), 1)
        lines = lines or [""]
    content = "\n".join(lines).encode()
    read = parse_catalog(content, Path("f.yaml"), TODAY)
    assert read.problems or read.catalog is not None
    assert {problem.code for problem in read.problems} <= set(CODES)
    assert all(1 <= problem.line <= len(lines) + 1 for problem in read.problems)
    for form in ("text", "json", "github"):
        assert render_problems(read.problems, form) is not None
