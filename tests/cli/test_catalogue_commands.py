"""`init`, `check`, `generate` and `openapi` in the layout of an operator."""

import json
import re
import shutil

import pytest

from llmaas.bundle import read_bundle
from llmaas.cli.exits import Exit


@pytest.fixture
def project(catalog, tmp_path):
    """A directory with a catalogue in it, as an operator has."""
    shutil.copy(catalog, tmp_path / "models_config.yaml")
    return tmp_path


def edit(project, old: str, new: str) -> None:
    path = project / "models_config.yaml"
    text = path.read_text()
    assert re.search(old, text)
    path.write_text(re.sub(old, new, text, count=1))


def test_a_started_catalogue_is_valid_and_can_be_generated(llmaas, tmp_path):
    done = llmaas("init")
    assert done.code == Exit.OK
    assert "llmaas check" in done.out
    assert json.loads((tmp_path / "models_config.schema.json").read_text())["$defs"]
    checked = llmaas("check")
    assert (checked.code, checked.err) == (Exit.OK, "")
    assert "warning" not in checked.out
    assert llmaas("generate").code == Exit.OK
    assert read_bundle(tmp_path / "bundle").routing
    assert llmaas("check").code == Exit.OK


def test_init_never_overwrites(llmaas, tmp_path):
    mine = tmp_path / "ai" / "models.yaml"
    mine.parent.mkdir()
    mine.write_text("mine")
    done = llmaas("init", "ai/models.yaml")
    assert done.code == Exit.USAGE
    assert "ai/models.yaml exists" in done.err
    assert mine.read_text() == "mine"


def test_warnings_are_no_failure(llmaas, project):
    done = llmaas("check")
    assert "warning[" in done.out
    assert done.code == Exit.OK


def test_nothing_generated_yet_is_nothing_stale(llmaas, project):
    assert "generated-missing" not in llmaas("check").out
    assert "generated-missing" in llmaas("check", "--bundle", project / "elsewhere").out


def test_generate_says_what_changed_and_check_agrees_with_it(llmaas, project):
    first = llmaas("generate")
    assert first.code == Exit.OK
    assert "bundle/prices.json" in first.out
    assert llmaas("check").code == Exit.OK
    assert "up to date" in llmaas("generate").out

    edit(project, r"eur: 0\.90\b", "eur: 0.97")
    stale = llmaas("check")
    assert stale.code == Exit.PROBLEMS
    assert re.search(
        r"^bundle/prices\.json:\d+:1: error\[generated-stale\]", stale.out, re.MULTILINE
    )
    assert "llmaas generate" in stale.out

    again = llmaas("generate")
    assert "bundle/prices.json" in again.out
    assert "bundle/routing.json" not in again.out
    assert llmaas("check").code == Exit.OK


def test_an_invalid_catalogue_generates_nothing(llmaas, project):
    edit(project, r"eur: 0\.90\b", "eur: -1")
    done = llmaas("generate")
    assert done.code == Exit.PROBLEMS
    assert "error[" in done.err
    assert not (project / "bundle").exists()


def test_problems_are_printed_for_people_programs_and_pull_requests(llmaas, project):
    edit(project, r"\nlifecycle:\n", "\nlifecycel:\n")
    text = llmaas("check")
    assert text.code == Exit.PROBLEMS
    assert re.search(r"^models_config\.yaml:\d+:1: error\[unknown-key\]", text.out, re.MULTILINE)
    problems = json.loads(llmaas("check", "--format", "json").out)
    assert "unknown-key" in json.dumps(problems)
    annotated = llmaas("check", "--format", "github")
    assert annotated.code == Exit.PROBLEMS
    assert annotated.out.startswith("::error file=models_config.yaml,line=")


def test_a_word_without_a_text_is_found_and_a_language_without_texts_is_an_error(llmaas, project):
    edit(project, r"audience: standard-use\b", "audience: standart-use")
    warned = llmaas("check")
    assert warned.code == Exit.OK
    assert re.search(r":\d+:15: warning\[missing-text\]: `standart-use` has no words", warned.out)
    assert "did you mean `standard-use`?" in warned.out
    edit(project, r"languages: \[fr, en", "languages: [fr, pt, en")
    refused = llmaas("check")
    assert refused.code == Exit.PROBLEMS
    assert "error[unknown-language]" in refused.out


def test_an_unknown_format_is_wrong_usage(llmaas, project):
    assert llmaas("check", "--format", "xml").code == Exit.USAGE


def test_a_variable_chooses_as_the_option_does(llmaas, project):
    assert llmaas("check", LLMAAS_FORMAT="json").out.lstrip()[0] in "[{"


def test_the_openapi_document_is_that_of_the_bundle(llmaas, project):
    llmaas("generate")
    printed = json.loads(llmaas("openapi").out)
    assert printed == json.loads((project / "bundle" / "openapi.json").read_text())


def test_the_version_names_the_parts_for_a_bug_report(llmaas):
    assert re.fullmatch(r"llmaas \d+\.\d+\.\d+\n", llmaas("version").out)
    assert llmaas("--version").out == llmaas("version").out
    assert "llama-cpp-python" in llmaas("version", "--all").out
