"""Lifecycle dates as events: what happens to which model on which day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from llmaas.bundle import LifecycleEntry, add_months, model_slug

Kind = Literal["released", "deprecated", "support_ends", "removed"]


@dataclass(frozen=True)
class Event:
    """A date of a model."""

    model: str
    kind: Kind
    day: date
    announced: date
    """From this day on the event is news: the first day of the notice, or the day itself."""
    successor: str | None

    @property
    def slug(self) -> str:
        """The last segment of the URL of the model's page."""
        return model_slug(self.model)

    @property
    def id(self) -> str:
        """Stays the same when the date moves, so that a calendar moves its entry."""
        return f"{self.slug}-{self.kind}"


def events_of(entries: Iterable[LifecycleEntry], *, notice_months: int) -> tuple[Event, ...]:
    """All events, oldest first.

    Args:
        entries: the dates of the models.
        notice_months: how long before its day the end of a model is news.
    """
    found: list[Event] = []
    for entry in entries:
        dates: dict[Kind, date | None] = {
            "released": entry.released_on,
            "deprecated": entry.deprecated_on,
            "support_ends": entry.support_ends_on,
            "removed": entry.removed_on,
        }
        found += [
            Event(
                model=entry.model,
                kind=kind,
                day=day,
                announced=day if kind == "released" else add_months(day, -notice_months),
                successor=entry.successor,
            )
            for kind, day in dates.items()
            # What would happen to a model that is gone does not happen.
            if day is not None and (kind == "removed" or day < (entry.removed_on or date.max))
        ]
    return tuple(sorted(found, key=lambda event: (event.day, event.id)))


@dataclass(frozen=True)
class Departure:
    """What happens to one or more models on a day."""

    day: date
    kind: Kind
    events: tuple[Event, ...]


def departures(events: Iterable[Event], *, today: date) -> tuple[Departure, ...]:
    """What a customer has to prepare for: deprecations and ends from today on, soonest first."""
    coming: dict[tuple[date, Kind], list[Event]] = {}
    for event in events:
        if event.day >= today and event.kind != "released":
            coming.setdefault((event.day, event.kind), []).append(event)
    return tuple(Departure(day, kind, tuple(found)) for (day, kind), found in coming.items())
