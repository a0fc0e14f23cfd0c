"""Calendar months and days in the service's time zone: what caps and prices go by."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_of(at_ms: int, zone: ZoneInfo) -> date:
    """The day it is in a time zone at a moment (Unix milliseconds)."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def day_ends_ms(at_ms: int, zone: ZoneInfo) -> int:
    """The moment at which the next day begins there."""
    begins = datetime.combine(day_of(at_ms, zone) + timedelta(days=1), time(), zone)
    return int(begins.astimezone(UTC).timestamp() * 1000)


def month_of(at_ms: int, zone: ZoneInfo) -> str:
    """The calendar month, as `2026-11`."""
    return day_of(at_ms, zone).isoformat()[:7]


def month_ends_ms(at_ms: int, zone: ZoneInfo) -> int:
    """The moment at which the next month begins: local midnight, whatever the clocks do."""
    day = day_of(at_ms, zone)
    year, month0 = divmod(day.year * 12 + day.month, 12)
    begins = datetime(year, month0 + 1, 1, tzinfo=zone)
    return int(begins.astimezone(UTC).timestamp() * 1000)
