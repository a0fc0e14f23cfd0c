"""`llmaas models`: dates are facts, phases follow from them."""

import json

import pytest

from llmaas.bundle import Phase, phase_at, read_bundle
from llmaas.cli.exits import Exit
from llmaas.reference import reference_directory


def listed(llmaas, *arguments):
    done = llmaas("models", "list", "--json", *arguments)
    assert done.code == Exit.OK
    return json.loads(done.out)


def test_the_whole_catalogue_fits_80_columns_when_piped(llmaas, catalog):
    done = llmaas("models", "list", "--catalog", catalog, "--at", "2026-01-01")
    assert done.code == Exit.OK
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    for entry in read_bundle(reference_directory()).lifecycle:
        (line,) = [line for line in lines if line.startswith(f"{entry.model} ")]
        assert str(entry.released_on) in line


def test_a_wide_terminal_shows_removals_and_successors(llmaas):
    shown = llmaas("models", "list", "--at", "2026-01-01", COLUMNS="140").out
    assert "Successor" in shown.splitlines()[0]


@pytest.mark.parametrize("day", ["2024-01-01", "2025-07-01", "2026-01-01", "2031-01-01"])
def test_phases_are_those_of_the_day_asked_for(llmaas, day):
    from datetime import date

    phases = {row["id"]: row["phase"] for row in listed(llmaas, "--at", day)}
    assert phases == {
        entry.model: phase_at(entry, date.fromisoformat(day))
        for entry in read_bundle(reference_directory()).lifecycle
    }


def test_models_that_can_be_called_come_first(llmaas):
    answering = [Phase(row["phase"]).callable for row in listed(llmaas, "--at", "2026-01-01")]
    assert answering == sorted(answering, reverse=True)


def test_one_phase_can_be_asked_for(llmaas):
    rows = listed(llmaas, "--phase", "retired", "--at", "2031-01-01")
    assert rows
    assert {row["phase"] for row in rows} == {"retired"}


def test_a_day_that_is_none_is_wrong_usage(llmaas):
    assert llmaas("models", "list", "--at", "soon").code == Exit.USAGE


def test_a_model_is_shown_with_its_weights_and_dates(llmaas):
    done = llmaas("models", "show", "granite3.3:8b", "--at", "2026-01-01")
    assert done.code == Exit.OK
    for expected in ("Granite 3.3 8B (IBM)", "production on 2026-01-01", "2025-06-13", ".gguf"):
        assert expected in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_model_is_shown_to_programs_with_what_serves_it(llmaas):
    facts = json.loads(llmaas("models", "show", "granite3.3:8b", "--json").out)
    assert facts["id"] == "granite3.3:8b"
    assert facts["worker"]["pool"] == "granite3.3:8b"


def test_an_unknown_model_is_answered_with_a_suggestion(llmaas):
    done = llmaas("models", "show", "gemma3:28b")
    assert done.code == Exit.USAGE
    assert "did you mean gemma3:27b" in done.err


def test_a_name_like_no_other_is_sent_to_the_list(llmaas):
    assert "llmaas models list" in llmaas("models", "show", "xyzzy").err
