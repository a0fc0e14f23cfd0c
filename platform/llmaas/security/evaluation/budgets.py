"""The operator's own limits on the figures of a report, by name."""

from collections.abc import Callable, Mapping
from typing import Any

Figure = Callable[[dict[str, Any]], float | None]


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 2)


def _lowest(shares: list[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return _percent(min(known)) if known else None


def _fragmented(report: dict[str, Any]) -> float | None:
    attacks = [row for name, row in report["sessions"].items() if name.startswith("attack/")]
    whole = sum(row["whole_text_detectable"] for row in attacks)
    return _percent(sum(row["caught_of_detectable"] for row in attacks) / whole) if whole else None


def _p95_4096(report: dict[str, Any]) -> float | None:
    timing = report.get("latency")
    return None if timing is None else float(timing["milliseconds_by_characters"]["4096"]["p95"])


_AT_LEAST: dict[str, Figure] = {
    "recall_percent": lambda report: _percent(report["recall"]["at_policy"]["caught"]),
    "language_recall_percent": lambda report: _lowest(
        [row["caught"] for row in report["recall"]["per_language_at_policy"].values()]
    ),
    "disguised_recall_percent": lambda report: _lowest(
        [row["still_detected"] for row in report["transforms"].values() if row["attacks"]]
    ),
    "fragmented_recall_percent": _fragmented,
}
_AT_MOST: dict[str, Figure] = {
    "core_false_positive_percent": lambda report: _percent(
        report["recall"]["at_policy"]["core_flagged_or_blocked"]
    ),
    "core_blocked_percent": lambda report: _percent(report["recall"]["at_policy"]["core_blocked"]),
    "p95_ms_at_4096_characters": _p95_4096,
}
BUDGETS = (*_AT_LEAST, *_AT_MOST)
"""Names of the figures that can have a limit; the catalogue has the same."""


def against_budgets(
    report: dict[str, Any], budgets: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    """Each limit with what was measured; `met` is null where the set has no such items."""
    rows = []
    for name in BUDGETS:
        limit = budgets.get(name)
        if limit is None:
            continue
        least = name in _AT_LEAST
        measured = (_AT_LEAST if least else _AT_MOST)[name](report)
        met = None if measured is None else (measured >= limit if least else measured <= limit)
        wanted = f"{'>=' if least else '<='} {limit:g}"
        rows.append({"what": name, "measured": measured, "wanted": wanted, "met": met})
    return rows
