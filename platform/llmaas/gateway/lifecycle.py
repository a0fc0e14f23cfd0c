"""What the day means for a model: an error, headers on its answers, or nothing."""

from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from llmaas.bundle import LifecycleEntry, Phase, model_slug, phase_at
from llmaas.gateway.errors import ApiError, ModelNotReleased, ModelRetired


def refusal(entry: LifecycleEntry, day: date) -> ApiError | None:
    """Why the model cannot be called on `day`; `None` when it can."""
    match phase_at(entry, day):
        case Phase.UPCOMING:
            return ModelNotReleased(model=entry.model, released_on=entry.released_on)
        case Phase.RETIRED if entry.removed_on is not None:
            return ModelRetired(
                model=entry.model, removed_on=entry.removed_on, successor=entry.successor
            )
        case _:
            return None


def headers(
    entry: LifecycleEntry, day: date, *, time_zone: ZoneInfo, documented: bool
) -> dict[str, str]:
    """What answers of a model on its way out tell: `Deprecation`, `Sunset` and `Link`.

    RFC 9745 and RFC 8594. A model whose support ended without a deprecation counts as deprecated
    since that day. Links are relative, so they hold behind any host name.

    Args:
        entry: the model's dates.
        day: today in the service's time zone.
        time_zone: where the days of the dates begin.
        documented: whether this server has the documentation pages.
    """
    if not phase_at(entry, day).leaving:
        return {}
    found = {}
    deprecated_on = entry.deprecated_on or entry.support_ends_on
    if deprecated_on is not None:
        found["deprecation"] = f"@{unix_time(deprecated_on, time_zone)}"
    if entry.removed_on is not None:
        removal = midnight(entry.removed_on, time_zone).astimezone(UTC)
        found["sunset"] = format_datetime(removal, usegmt=True)
    links = []
    if entry.successor is not None:
        successor = quote(entry.successor, safe=":")
        links.append(f'</v1/models/{successor}>; rel="successor-version"')
    if documented:
        page = quote(model_slug(entry.model), safe="")
        links.append(f'</docs/models/{page}/>; rel="deprecation"; type="text/html"')
    if links:
        found["link"] = ", ".join(links)
    return found


def midnight(day: date, time_zone: ZoneInfo) -> datetime:
    """The moment a day begins."""
    return datetime.combine(day, time(), tzinfo=time_zone)


def unix_time(day: date, time_zone: ZoneInfo) -> int:
    """The moment a day begins, in seconds."""
    return int(midnight(day, time_zone).timestamp())
