from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.bundle import LifecycleEntry, Phase, add_months, phase_at

RELEASED = date(2025, 6, 13)
DEPRECATED = date(2026, 3, 1)
ENDS = date(2026, 6, 30)
REMOVED = date(2026, 9, 30)
DAY = timedelta(days=1)


def entry(**changes: object) -> LifecycleEntry:
    facts: dict[str, object] = {
        "model": "a:1b",
        "stability": "stable",
        "released_on": RELEASED,
        "support_ends_on": ENDS,
        "deprecated_on": DEPRECATED,
        "removed_on": REMOVED,
        "successor": None,
    }
    return LifecycleEntry(**{**facts, **changes})  # type: ignore[arg-type] # the facts vary by test


@pytest.mark.parametrize(
    ("day", "phase"),
    [
        (RELEASED - DAY, Phase.UPCOMING),
        (RELEASED, Phase.PRODUCTION),
        (DEPRECATED - DAY, Phase.PRODUCTION),
        (DEPRECATED, Phase.DEPRECATED),
        (ENDS - DAY, Phase.DEPRECATED),
        (ENDS, Phase.END_OF_SUPPORT),
        (REMOVED - DAY, Phase.END_OF_SUPPORT),
        (REMOVED, Phase.RETIRED),
        (date.max, Phase.RETIRED),
        (date.min, Phase.UPCOMING),
    ],
)
def test_each_date_is_the_first_day_of_what_it_begins(day: date, phase: Phase) -> None:
    assert phase_at(entry(), day) is phase


def test_an_experimental_model_is_experimental_until_it_leaves() -> None:
    experimental = entry(stability="experimental")
    assert phase_at(experimental, RELEASED) is Phase.EXPERIMENTAL
    assert phase_at(experimental, DEPRECATED) is Phase.DEPRECATED


def test_a_model_without_dates_stays_in_production() -> None:
    forever = entry(support_ends_on=None, deprecated_on=None, removed_on=None)
    assert phase_at(forever, date.max) is Phase.PRODUCTION


def test_the_end_of_support_is_no_removal() -> None:
    kept = entry(removed_on=None)
    assert phase_at(kept, date.max) is Phase.END_OF_SUPPORT
    assert phase_at(kept, date.max).callable


def test_a_model_can_be_removed_while_still_supported() -> None:
    assert phase_at(entry(support_ends_on=date.max), REMOVED) is Phase.RETIRED


def test_requests_are_answered_between_release_and_removal() -> None:
    assert [phase for phase in Phase if not phase.callable] == [Phase.UPCOMING, Phase.RETIRED]


def test_customers_are_asked_to_move_while_a_model_leaves() -> None:
    assert [phase for phase in Phase if phase.leaving] == [Phase.DEPRECATED, Phase.END_OF_SUPPORT]


dates = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))


@given(dates, dates, st.lists(dates, min_size=4, max_size=4).map(sorted))
def test_phases_only_ever_advance(one: date, other: date, ordered: list[date]) -> None:
    released, deprecated, ends, removed = ordered
    model = entry(
        released_on=released, deprecated_on=deprecated, support_ends_on=ends, removed_on=removed
    )
    order = list(Phase)
    earlier, later = sorted((one, other))
    assert order.index(phase_at(model, earlier)) <= order.index(phase_at(model, later))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 15), 6, date(2025, 7, 15)),
        (date(2025, 11, 22), 3, date(2026, 2, 22)),
        (date(2025, 8, 31), 3, date(2025, 11, 30)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 12, 31), 12, date(2026, 12, 31)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 1, 1), -1, date(2024, 12, 1)),
        (date(2025, 5, 5), 0, date(2025, 5, 5)),
    ],
)
def test_months_keep_the_day_where_the_month_has_it(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(dates, st.integers(min_value=-600, max_value=600))
def test_months_lead_to_the_month_that_was_counted(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
