"""Where each rule begins and ends; that it speaks at all is shown by its golden case."""

from datetime import date
from pathlib import Path

import pytest

from llmaas.catalog import CODES, Problem, parse_catalog

BASE = (Path(__file__).parents[2] / "golden" / "catalog" / "base.yaml").read_text()
TODAY = date(2025, 7, 1)


def problems(*changes: tuple[str, str], today: date = TODAY) -> tuple[Problem, ...]:
    text = BASE
    for this, by in changes:
        assert text.count(this) == 1, this
        text = text.replace(this, by)
    read = parse_catalog(text.encode(), Path("f.yaml"), today)
    assert read.catalog is not None, read.problems
    return read.problems


def codes(*changes: tuple[str, str]) -> list[str]:
    return [problem.code for problem in problems(*changes)]


def excused(rule: str) -> tuple[str, str]:
    return (
        "    successor: new:8b",
        f"    successor: new:8b\n    exceptions: [{{ rule: {rule}, reason: agreed }}]",
    )


OLD_DEPRECATED = "    deprecated_on: 2025-08-01"
OLD_REMOVED = "    removed_on: 2025-11-30"
OLD_ENDS = "    support_ends_on: 2025-10-31"
NEW_ENDS = "    support_ends_on: 2026-12-31"


@pytest.mark.parametrize(
    ("deprecated", "removed", "expected"),
    [
        ("2025-08-30", "2025-11-30", []),
        ("2025-08-31", "2025-11-30", []),
        ("2025-08-31", "2025-11-29", ["short-notice"]),
        ("2025-09-01", "2025-11-30", ["short-notice"]),
        ("2025-11-30", "2025-11-30", ["short-notice"]),
        ("2025-12-01", "2025-11-30", ["dates-out-of-order"]),
        ("2025-01-14", "2025-11-30", ["dates-out-of-order"]),
        ("2025-01-15", "2025-11-30", []),
    ],
)
def test_notice_is_counted_in_calendar_months(
    deprecated: str, removed: str, expected: list[str]
) -> None:
    assert (
        codes(
            (OLD_DEPRECATED, f"    deprecated_on: {deprecated}"),
            (OLD_REMOVED, f"    removed_on: {removed}"),
        )
        == expected
    )


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("2025-07-15", []),
        ("2025-07-14", ["short-support"]),
        ("2025-11-30", []),
        ("2025-12-01", ["removed-before-support-ends"]),
    ],
)
def test_support_lasts_as_promised_and_until_the_removal(ends: str, expected: list[str]) -> None:
    assert codes((OLD_ENDS, f"    support_ends_on: {ends}")) == expected


def test_an_experimental_model_may_end_early() -> None:
    assert not codes(
        (OLD_ENDS, "    support_ends_on: 2025-07-14"),
        ("stable\n    released_on: 2025-01-15", "experimental\n    released_on: 2025-01-15"),
    )


def test_a_removal_without_an_end_of_support_ends_it() -> None:
    assert codes(
        (f"{OLD_ENDS}\n", ""),
        (OLD_DEPRECATED, "    deprecated_on: 2025-02-01"),
        (OLD_REMOVED, "    removed_on: 2025-07-14"),
    ) == ["short-support"]


@pytest.mark.parametrize(
    ("rule", "breach"),
    [
        ("short-notice", (OLD_DEPRECATED, "    deprecated_on: 2025-10-01")),
        ("removed-before-support-ends", (OLD_ENDS, "    support_ends_on: 2026-06-30")),
        ("short-support", (OLD_ENDS, "    support_ends_on: 2025-06-30")),
        (
            "non-commercial-licence",
            ('MIT License, commercial_use: "yes"', 'MIT License, commercial_use: "no"'),
        ),
    ],
)
def test_an_exception_excuses_its_rule_and_no_other(rule: str, breach: tuple[str, str]) -> None:
    assert codes(breach) == [rule]
    assert codes(breach, excused(rule)) == []
    other = "short-notice" if rule != "short-notice" else "short-support"
    assert codes(breach, excused(other)) == sorted(
        [rule, "unused-exception"], key=lambda code: code == "unused-exception"
    )


def test_a_successor_may_end_on_the_same_day() -> None:
    assert codes((NEW_ENDS, "    support_ends_on: 2025-12-31")) == []
    same = (
        (OLD_ENDS, "    support_ends_on: 2025-12-31"),
        (OLD_REMOVED, "    removed_on: 2025-12-31"),
    )
    assert codes(*same, (NEW_ENDS, "    support_ends_on: 2025-12-31")) == []
    assert codes(*same, (NEW_ENDS, "    support_ends_on: 2025-12-30")) == ["successor-ends-first"]


def test_a_successor_is_released_when_its_model_ends() -> None:
    released = "released_on: 2025-06-13\n" + NEW_ENDS
    assert codes((released, "released_on: 2025-10-31\n" + NEW_ENDS)) == []
    assert codes((released, "released_on: 2025-11-01\n" + NEW_ENDS)) == ["successor-not-released"]


def test_an_alias_is_no_successor_but_its_model_is_suggested() -> None:
    (problem,) = problems(
        ("    successor: new:8b", "    successor: newest"),
        ("  - id: new:8b", "  - id: new:8b\n    aliases: [newest]"),
    )
    assert problem.code == "unknown-successor"
    assert problem.help == "did you mean `new:8b`?"


def test_a_model_is_not_its_own_successor() -> None:
    (problem,) = problems(("    successor: new:8b", "    successor: old:7b"))
    assert problem.code == "successor-cycle"
    assert "old:7b → old:7b" in problem.message


def test_a_cycle_is_told_once_and_not_again_by_models_that_lead_into_it() -> None:
    lead_in = ("    stability: experimental", "    stability: experimental\n    successor: old:7b")
    found = problems(
        (NEW_ENDS, f"{NEW_ENDS}\n    successor: old:7b"),
        lead_in,
    )
    assert [one.code for one in found].count("successor-cycle") == 1


@pytest.mark.parametrize(
    ("daily", "expected"),
    [(23999, []), (24000, ["limit-never-binds"]), (99999, ["limit-never-binds"])],
)
def test_a_daily_limit_binds_below_24_hourly_ones(daily: int, expected: list[str]) -> None:
    assert codes(("per_day: 10000", f"per_day: {daily}")) == expected


def test_equal_thresholds_are_in_order() -> None:
    assert codes(("flag: 0.5", "flag: 0.8")) == []
    assert codes(("flag: 0.5", "flag: 0.81")) == ["thresholds-out-of-order"]


def test_two_prices_for_one_day_are_one_too_many() -> None:
    assert codes(("2026-01-01, eur: 5.00", "2025-01-01, eur: 5.00")) == ["price-steps-out-of-order"]


@pytest.mark.parametrize("zone", ["Europe", "../etc/passwd", "/etc/passwd", "CEST+2", "x" * 300])
def test_what_is_no_time_zone_is_told(zone: str) -> None:
    assert codes(("Europe/Paris", zone)) == ["unknown-time-zone"]


@pytest.mark.parametrize("zone", ["UTC", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_of_the_iana_database_is_known(zone: str) -> None:
    assert codes(("Europe/Paris", zone)) == []


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("LicenseRef-Gemma-Terms", []),
        ("LicenseRef-", ["unknown-licence"]),
        ("apache-2.0", ["unknown-licence"]),
        ("CC-BY-NC-4.0", ["contradictory-licence"]),
    ],
)
def test_licences_are_named_exactly(licence: str, expected: list[str]) -> None:
    assert codes(("id: LicenseRef-Example", f"id: {licence}")) == expected


def test_context_up_to_the_published_window_is_served() -> None:
    assert codes(("kind: generation, n_ctx: 32000", "kind: generation, n_ctx: 32001")) == [
        "context-exceeded"
    ]


def test_a_vision_model_without_weights_needs_no_projector() -> None:
    weights = BASE[BASE.index("      weights:") : BASE.index("      chat_format")]
    assert codes((weights, "")) == []


def test_a_transcription_model_has_its_own_shape() -> None:
    start = BASE.index("  - id: vectors:1b")
    whisper = BASE[start:]
    for this, by in (
        ("[text]", "[audio]"),
        ("output_modalities: [embedding]", "output_modalities: [text]"),
        ("capabilities: [embedding]", "capabilities: [audio]"),
        ("endpoints: [embeddings]", "endpoints: [audio.transcriptions]"),
        (
            "kind: embedding, n_ctx: 512, pooling: cls, embedding_dimensions: 768",
            "kind: transcription, n_ctx: 448",
        ),
    ):
        whisper = whisper.replace(this, by)
    offered = ("  - { id: embeddings", "  - { id: audio.transcriptions")
    assert codes((BASE[start:], whisper), offered) == []
    deaf = whisper.replace("input_modalities: [audio]", "input_modalities: [text]")
    assert codes((BASE[start:], deaf), offered) == ["modality-does-not-fit"]
    unnamed = whisper.replace("capabilities: [audio]", "capabilities: []")
    assert codes((BASE[start:], unnamed), offered) == ["capability-does-not-fit"]


def test_every_rule_runs_whatever_the_others_find() -> None:
    found = codes(
        ("https://api.example.com/v1", "https://api.example.com"),
        ("flag: 0.5", "flag: 0.9"),
        ("    successor: new:8b", "    successor: nowhere:1b"),
        ("machines: [ma01]", "machines: [ma02]"),
        ("id: MIT,", "id: WTF,"),
    )
    assert set(found) == {
        "base-url",
        "thresholds-out-of-order",
        "unknown-successor",
        "unknown-machine",
        "unknown-licence",
    }
    assert set(found) <= set(CODES)


def test_dates_at_the_ends_of_what_is_accepted_do_not_overflow() -> None:
    assert "dates-out-of-order" in codes(
        (
            "stable_months: 6, removal_notice_months: 3",
            "stable_months: 120, removal_notice_months: 120",
        ),
        (OLD_REMOVED, "    removed_on: 2099-12-31"),
        (OLD_DEPRECATED, "    deprecated_on: 2099-12-31"),
        (OLD_ENDS, "    support_ends_on: 2000-01-01"),
    )
