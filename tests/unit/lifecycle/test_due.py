"""What the calendar asks for, on plain tables and days."""

from datetime import date

import pytest
from msgspec.structs import replace
from tests.gateway.a_bundle import make_bundle

from llmaas.bundle import LifecycleEntry
from llmaas.cli.lifecycle.due import due_on, leaving

TODAY = date(2026, 1, 15)


def entry(model, **dates):
    values = dict.fromkeys(("support_ends_on", "deprecated_on", "removed_on", "successor"))
    return LifecycleEntry(
        model=model, stability="stable", released_on=date(2025, 1, 1), **(values | dates)
    )


def kinds(*entries, today=TODAY):
    bundle = replace(make_bundle(), lifecycle=(*entries, entry("new")))
    return [due.kind for due in due_on(bundle, today) if due.kind != "review"]


LEAVING = {"deprecated_on": date(2025, 12, 1), "removed_on": date(2026, 3, 1)}


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({}, []),
        (LEAVING | {"successor": "new"}, ["notice"]),
        (
            LEAVING | {"successor": "new", "removed_on": date(2026, 2, 14)},
            ["notice", "removal-near"],
        ),
        (LEAVING, ["successor-missing", "notice"]),
        ({"deprecated_on": TODAY, "successor": "new"}, ["removal-undated"]),
        ({"support_ends_on": TODAY, "successor": "new"}, ["support-ended"]),
        ({"support_ends_on": date(2026, 4, 15)}, ["support-ends"]),
        ({"support_ends_on": date(2026, 4, 16)}, []),
        ({"removed_on": TODAY}, ["removed"]),
        ({"removed_on": date(2025, 12, 1)}, []),
    ],
)
def test_what_is_due_follows_from_the_dates(dates, expected):
    assert sorted(kinds(entry("old", **dates))) == sorted(expected)


def test_a_successor_that_is_gone_breaks_the_policy_and_comes_first():
    gone = entry("gone", removed_on=date(2025, 11, 1))
    bundle = replace(
        make_bundle(), lifecycle=(gone, entry("old", **LEAVING, successor="gone"), entry("new"))
    )
    first = due_on(bundle, TODAY)[0]
    assert (first.kind, first.model, first.breaks_policy) == ("successor-not-callable", "old", True)


@pytest.mark.parametrize(
    ("today", "review"),
    [
        (date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 3, 31), date(2026, 4, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_the_next_review_begins_with_the_next_quarter(today, review):
    bundle = replace(make_bundle(), lifecycle=())
    assert [due.day for due in due_on(bundle, today)] == [review]


def test_callers_are_sought_of_models_that_leave_and_that_are_gone():
    bundle = replace(
        make_bundle(),
        lifecycle=(entry("a", **LEAVING), entry("b", removed_on=TODAY), entry("c")),
    )
    assert set(leaving(bundle, TODAY)) == {"a", "b"}
