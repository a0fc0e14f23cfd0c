"""What the calendar asks of a maintainer on a day: pure, from the lifecycle table and a date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from llmaas.bundle import Bundle, LifecycleEntry, Phase, add_months, phase_at

Kind = Literal[
    "successor-missing",
    "successor-not-callable",
    "removal-undated",
    "support-ended",
    "support-ends",
    "notice",
    "removal-near",
    "removed",
    "review",
]
BREAKS_POLICY: frozenset[Kind] = frozenset(
    {"successor-missing", "successor-not-callable", "removal-undated", "support-ended"}
)
"""With these the catalogue breaks on this day what it promises to those who must move."""
NEAR = timedelta(days=30)
WINDOW_DAYS = 30
"""Whoever called a model in so many days still calls it."""


@dataclass(frozen=True)
class Due:
    """Something to do; `model` is `None` where it concerns all."""

    kind: Kind
    model: str | None
    day: date
    message: str
    help: str

    @property
    def breaks_policy(self) -> bool:
        """Whether it makes `--strict` fail."""
        return self.kind in BREAKS_POLICY


def due_on(bundle: Bundle, today: date) -> tuple[Due, ...]:
    """What is due: what breaks the policy first, then by day."""
    entries = {entry.model: entry for entry in bundle.lifecycle}
    found = [due for entry in bundle.lifecycle for due in _of_model(entry, entries, bundle, today)]
    found.append(_review(today))
    return tuple(sorted(found, key=lambda due: (not due.breaks_policy, due.day, due.model or "~")))


def leaving(bundle: Bundle, today: date) -> dict[str, LifecycleEntry]:
    """Models that customers should move away from, by id: those that leave, and those gone."""
    return {
        entry.model: entry
        for entry in bundle.lifecycle
        if phase_at(entry, today).leaving or phase_at(entry, today) is Phase.RETIRED
    }


def _of_model(
    entry: LifecycleEntry, entries: dict[str, LifecycleEntry], bundle: Bundle, today: date
) -> Iterator[Due]:
    model, phase = entry.model, phase_at(entry, today)
    if phase is Phase.RETIRED:
        assert entry.removed_on is not None
        if today - entry.removed_on < NEAR:
            yield Due(
                *("removed", model, entry.removed_on),
                f"answers no more since {entry.removed_on}",
                "its weights can be deleted; keep the entry, its error names the successor",
            )
        return
    if phase.leaving:
        yield from _of_leaving(entry, entries, today)
    elif entry.support_ends_on is not None:
        notice = add_months(today, bundle.service.removal_notice_months)
        if entry.support_ends_on <= notice and entry.deprecated_on is None:
            yield Due(
                *("support-ends", model, entry.support_ends_on),
                f"support ends on {entry.support_ends_on}, and no deprecation is announced",
                f"llmaas edit model deprecate {model} --successor ID, or move the date",
            )


def _of_leaving(
    entry: LifecycleEntry, entries: dict[str, LifecycleEntry], today: date
) -> Iterator[Due]:
    model = entry.model
    since = min(day for day in (entry.deprecated_on, entry.support_ends_on) if day is not None)
    successor = entries.get(entry.successor or "")
    if successor is None:
        yield Due(
            *("successor-missing", model, since),
            "is leaving and names no model to move to",
            "give it a successor",
        )
    elif not phase_at(successor, today).callable:
        yield Due(
            *("successor-not-callable", model, since),
            f"its successor {successor.model} cannot be called on this day",
            "name a successor that answers",
        )
    if entry.deprecated_on is None:
        yield Due(
            *("support-ended", model, since),
            f"support ended on {since}; it still answers, and nobody was told that it will leave",
            f"llmaas edit model deprecate {model} --successor ID, or move the date",
        )
        return
    if entry.removed_on is None:
        if entry.deprecated_on <= today:
            yield Due(
                *("removal-undated", model, since),
                f"deprecated since {entry.deprecated_on} without a day on which it is removed",
                "give it removed_on, the months of notice later",
            )
        return
    yield Due(
        *("notice", model, entry.deprecated_on),
        f"deprecated since {entry.deprecated_on}, removed on {entry.removed_on}",
        "tell those who still call it: --notices DIR writes the mails",
    )
    if entry.removed_on - today <= NEAR:
        yield Due(
            *("removal-near", model, entry.removed_on),
            f"is removed in {(entry.removed_on - today).days} days, on {entry.removed_on}",
            "remind those who still call it",
        )


def _review(today: date) -> Due:
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    following = add_months(quarter, 3)
    return Due(
        *("review", None, following),
        f"the next quarterly review of the catalogue begins on {following}",
        "look at every model that ends within two quarters",
    )
