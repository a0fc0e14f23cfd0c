"""Lifecycle events as news for feed readers (RFC 4287)."""

from collections.abc import Sequence
from datetime import date
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

from llmaas.generators.site.feeds.events import Event
from llmaas.generators.site.feeds.texts import FeedTexts

ENTRIES = 100


def write_atom(
    events: Sequence[Event],
    *,
    today: date,
    texts: FeedTexts,
    author: str,
    service_url: str,
    site_url: str,
    file: str,
) -> str:
    """The feed of what is news on a day, newest first.

    Args:
        events: all events.
        today: what is announced later is not in it.
        texts: words of one language.
        author: who publishes.
        service_url: the service's own address; ids are derived from it and not from where the
            site is served, so that a reader sees no entry twice.
        site_url: address of this language's site, with a slash at its end.
        file: name of the feed's file there.
    """
    news = sorted(
        (event for event in events if event.announced <= today),
        key=lambda event: (-event.announced.toordinal(), -event.day.toordinal(), event.id),
    )[:ENTRIES]
    updated = max((event.announced for event in news), default=today)

    def urn(what: str) -> str:
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{service_url}#{texts.language}/{what}')}"

    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{texts.language}">',
        f"<id>{urn('lifecycle')}</id>",
        f"<title>{escape(texts.title)}</title>",
        f"<subtitle>{escape(texts.subtitle)}</subtitle>",
        f"<updated>{_moment(updated)}</updated>",
        f"<author><name>{escape(author)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(site_url + file)}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(f"{site_url}lifecycle/")}/>',
    ]
    for event in news:
        page = f"{site_url}models/{event.slug}/"
        parts += [
            "<entry>",
            f"<id>{urn(event.id)}</id>",
            f"<title>{escape(texts.headline(event))}</title>",
            f"<published>{_moment(event.announced)}</published>",
            f"<updated>{_moment(event.announced)}</updated>",
            f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>',
            f"<category term={quoteattr(event.kind)} label={quoteattr(texts.kinds[event.kind])}/>",
            f'<content type="text">{escape(chr(10).join(texts.details(event)))}</content>',
            "</entry>",
        ]
    return "\n".join([*parts, "</feed>"]) + "\n"


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
