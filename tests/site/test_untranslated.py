"""Every language has every text: what `llmaas check` says where one has not."""

from importlib import resources
from pathlib import Path

import pytest

from llmaas.catalog import parse_catalog, read_catalog, render_problems
from llmaas.generators.site.untranslated import TEXT_CODES, untranslated

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "texts"
STARTER = resources.files("llmaas.catalog").joinpath("starter.yaml").read_text(encoding="utf-8")
BROKEN = {
    "missing-text": STARTER.replace("[multilingual, efficient]", "[multilingal, made-here]"),
    "unknown-language": STARTER.replace("languages: [en, fr] # of", "languages: [en, pt, fr] # of"),
}


def problems_of(text, severity="error"):
    catalog_file = parse_catalog(text.encode(), Path("models_config.yaml"))
    assert catalog_file.usable
    return untranslated(catalog_file, severity=severity)


@pytest.mark.parametrize("code", [code.name for code in TEXT_CODES])
def test_each_code_reads_as_its_golden_file(code):
    problems = problems_of(BROKEN[code])
    assert {problem.code for problem in problems} == {code}
    assert render_problems(problems) == (GOLDEN / f"{code}.txt").read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_code():
    assert {path.stem for path in GOLDEN.iterdir()} == {code.name for code in TEXT_CODES}


def test_every_language_has_every_text_of_our_catalogues():
    assert (
        untranslated(read_catalog(ROOT / "catalog" / "models_config.yaml"), severity="error") == ()
    )
    assert problems_of(STARTER) == ()


def test_a_key_is_reported_once_however_often_it_is_used():
    twice = STARTER.replace("[multilingual, efficient]", "[made-here]").replace(
        "tags: [embedding, multilingual]", "tags: [embedding, made-here]"
    )
    assert len(problems_of(twice)) == 1


def test_who_cannot_add_words_is_only_warned():
    assert {problem.severity for problem in problems_of(BROKEN["missing-text"], "warning")} == {
        "warning"
    }
    assert {problem.severity for problem in problems_of(BROKEN["unknown-language"], "warning")} == {
        "error"
    }
