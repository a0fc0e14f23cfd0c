"""Lifecycle events as a calendar to subscribe to (RFC 5545), with reminders before each end."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from llmaas.generators.site.feeds.events import Event
from llmaas.generators.site.feeds.texts import FeedTexts

ALARM_DAYS = (30, 7)
"""Days before an event on which a calendar reminds of it."""
LINE_OCTETS = 75
NEW_LINE = "\r\n"


def write_calendar(
    events: Sequence[Event], *, today: date, texts: FeedTexts, host: str, site_url: str
) -> str:
    """The calendar of all events.

    Args:
        events: what to enter.
        today: the day of the build; it stamps the entries.
        texts: words of one language.
        host: makes the entries' ids unique in the world; the same for every deployment.
        site_url: address of this language's site, with a slash at its end.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{host}//LLMaaS//{texts.language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(texts.title)}",
        f"X-WR-CALNAME:{_text(texts.title)}",
        f"DESCRIPTION:{_text(texts.subtitle)}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
        "X-PUBLISHED-TTL:P1D",
    ]
    for event in events:
        lines += _entry(event, today=today, texts=texts, host=host, site_url=site_url)
    return "".join(_folded([*lines, "END:VCALENDAR"]))


def _entry(
    event: Event, *, today: date, texts: FeedTexts, host: str, site_url: str
) -> Iterator[str]:
    headline = _text(texts.headline(event))
    yield "BEGIN:VEVENT"
    yield f"UID:{event.id}@{host}"
    yield f"DTSTAMP:{today:%Y%m%d}T000000Z"
    yield f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{headline}"
    yield f"DESCRIPTION:{_text(chr(10).join(texts.details(event)))}"
    yield f"URL:{site_url}models/{event.slug}/"
    yield f"CATEGORIES:{_text(texts.kinds[event.kind])}"
    yield "TRANSP:TRANSPARENT"
    if event.kind != "released":
        for days in ALARM_DAYS:
            yield "BEGIN:VALARM"
            yield "ACTION:DISPLAY"
            yield f"TRIGGER:-P{days}D"
            yield f"DESCRIPTION:{headline}"
            yield "END:VALARM"
    yield "END:VEVENT"


def _text(value: str) -> str:
    """Escaped as a TEXT value wants it."""
    for raw, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(raw, escaped)
    return value


def _folded(lines: Iterable[str]) -> Iterator[str]:
    """Lines of at most 75 octets, cut between characters and continued after a space."""
    for line in lines:
        taken = 0
        for character in line:
            octets = len(character.encode())
            if taken + octets > LINE_OCTETS:
                yield f"{NEW_LINE} "
                taken = 1
            yield character
            taken += octets
        yield NEW_LINE
