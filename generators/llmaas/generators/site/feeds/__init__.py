"""What programs read from the site: models as JSON, lifecycle events as a calendar and a feed."""

from llmaas.generators.site.feeds.atom import write_atom
from llmaas.generators.site.feeds.calendar import write_calendar
from llmaas.generators.site.feeds.events import Departure, Event, departures, events_of
from llmaas.generators.site.feeds.models import models_document
from llmaas.generators.site.feeds.texts import FeedTexts

__all__ = [
    "Departure",
    "Event",
    "FeedTexts",
    "departures",
    "events_of",
    "models_document",
    "write_atom",
    "write_calendar",
]
