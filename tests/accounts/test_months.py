"""Months and days of the service's time zone, on a simulated clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from llmaas.accounts.months import day_of, month_ends_ms, month_of

PARIS = ZoneInfo("Europe/Paris")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2025-12-31T22:59:59", "2025-12"),
        ("2025-12-31T23:00:00", "2026-01"),  # winter: midnight is 23:00 UTC
        ("2026-06-30T21:59:59", "2026-06"),
        ("2026-06-30T22:00:00", "2026-07"),  # summer: midnight is 22:00 UTC
        ("2028-02-28T23:00:00", "2028-02"),  # 29 February
        ("2028-02-29T23:00:00", "2028-03"),
    ],
)
def test_a_month_begins_at_midnight_of_the_service(moment: str, month: str) -> None:
    assert month_of(ms(moment), PARIS) == month


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2026-03-15T12:00:00", "2026-03-31T22:00:00"),  # clocks go forward on the 29th
        ("2026-10-15T12:00:00", "2026-10-31T23:00:00"),  # and back on the 25th
        ("2028-02-10T12:00:00", "2028-02-29T23:00:00"),
        ("2026-12-31T23:30:00", "2027-01-31T23:00:00"),
    ],
)
def test_a_month_ends_where_the_next_begins_whatever_the_clocks_do(moment: str, ends: str) -> None:
    assert month_ends_ms(ms(moment), PARIS) == ms(ends)
    assert month_of(ms(ends) - 1, PARIS) == month_of(ms(moment), PARIS)
    assert month_of(ms(ends), PARIS) != month_of(ms(moment), PARIS)


def test_the_day_of_the_clock_change_is_one_day() -> None:
    assert day_of(ms("2026-03-28T23:00:00"), PARIS) == date(2026, 3, 29)
    assert day_of(ms("2026-03-29T21:59:59"), PARIS) == date(2026, 3, 29)
    assert day_of(ms("2026-03-29T22:00:00"), PARIS) == date(2026, 3, 30)
