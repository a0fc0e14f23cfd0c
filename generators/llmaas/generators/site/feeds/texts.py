"""The words that calendar and feed need, in one language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from llmaas.generators.site.feeds.events import Event, Kind


@dataclass(frozen=True)
class FeedTexts:
    """Words and formats of one language."""

    language: str
    title: str
    """Name of the calendar and of the feed."""
    subtitle: str
    kinds: dict[Kind, str]
    successor: str
    """Label of the model to use instead."""
    day: Callable[[date], str]

    def headline(self, event: Event) -> str:
        """`Retrait · qwen3:8b`."""
        return f"{self.kinds[event.kind]} · {event.model}"

    def details(self, event: Event) -> tuple[str, ...]:
        """What there is to say about an event, a line each."""
        lines = [f"{self.kinds[event.kind]} — {self.day(event.day)}"]
        if event.successor is not None and event.kind != "released":
            lines.append(f"{self.successor} — {event.successor}")
        return tuple(lines)
