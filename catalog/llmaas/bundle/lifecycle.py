"""From dates to phases: the one place that says what a model is on a given day."""

from calendar import monthrange
from datetime import date
from enum import StrEnum

from llmaas.bundle.tables import LifecycleEntry


class Phase(StrEnum):
    """Where a model stands, in the order in which a model passes through."""

    UPCOMING = "upcoming"
    EXPERIMENTAL = "experimental"
    PRODUCTION = "production"
    DEPRECATED = "deprecated"
    END_OF_SUPPORT = "end_of_support"
    RETIRED = "retired"

    @property
    def callable(self) -> bool:
        """Whether requests are answered in this phase."""
        return self not in {Phase.UPCOMING, Phase.RETIRED}

    @property
    def leaving(self) -> bool:
        """Whether customers should move to the successor now."""
        return self in {Phase.DEPRECATED, Phase.END_OF_SUPPORT}


def phase_at(entry: LifecycleEntry, day: date) -> Phase:
    """The phase of a model on `day`, a date in the service's time zone.

    Each date is the first day of what it begins: on `support_ends_on` the model is no longer
    maintained, on `removed_on` it no longer answers.
    """
    if entry.removed_on is not None and day >= entry.removed_on:
        return Phase.RETIRED
    if day < entry.released_on:
        return Phase.UPCOMING
    if entry.support_ends_on is not None and day >= entry.support_ends_on:
        return Phase.END_OF_SUPPORT
    if entry.deprecated_on is not None and day >= entry.deprecated_on:
        return Phase.DEPRECATED
    if entry.stability == "experimental":
        return Phase.EXPERIMENTAL
    return Phase.PRODUCTION


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day where it is shorter."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))
