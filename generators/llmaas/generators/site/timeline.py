"""The lifecycle of all models as one SVG: no script, prints, follows the page's colours.

Days are percentages of its width, so that it fits a phone with letters as large as elsewhere. The
names stand left of day one, in space that the stylesheet leaves there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise

from llmaas.bundle import LifecycleEntry, Phase, add_months, phase_at
from llmaas.generators.site.views import ModelView

GAP = 10
"""Between a name and the first day, in pixels like all that follows."""
ROW = 20
HEAD = 30
BAR = 10


@dataclass(frozen=True)
class TimelineTexts:
    """The words in the picture."""

    title: str
    description: str
    today: str
    month: Callable[[date], str]
    """A month for the axis, such as `janv. 2026`."""
    phase: Callable[[Phase], str]
    day: Callable[[date], str]


@dataclass(frozen=True)
class Span:
    """A phase of a model and the days it lasts: from `start` to the day before `end`."""

    phase: Phase
    start: date
    end: date


def spans(entry: LifecycleEntry, *, until: date) -> tuple[Span, ...]:
    """The phases in which a model answers, up to the picture's edge."""
    dates = (entry.released_on, entry.deprecated_on, entry.support_ends_on, entry.removed_on)
    turns = sorted({day for day in dates if day is not None and day < until} | {until})
    found = (Span(phase_at(entry, start), start, end) for start, end in pairwise(turns))
    return tuple(span for span in found if span.phase.callable)


@dataclass(frozen=True)
class Timeline:
    """The picture, and the phases its legend must explain."""

    svg: str
    phases: tuple[Phase, ...]


def draw_timeline(
    models: Sequence[ModelView], *, today: date, texts: TimelineTexts, link: Callable[[str], str]
) -> Timeline:
    """Draw one row per model.

    Args:
        models: rows, first on top.
        today: the day marked in the picture.
        texts: its words.
        link: URL of a model's page by slug.
    """
    first, last = _range(models, today)
    days = (last - first).days

    def x(day: date) -> float:
        return round(100 * (day - first).days / days, 2)

    height = HEAD + ROW * len(models) + 8
    parts = [
        f'<svg class="timeline" height="{height}" data-search-exclude=""',
        ' role="group" aria-labelledby="timeline-title timeline-desc">',
        f'<title id="timeline-title">{escape(texts.title)}</title>',
        f'<desc id="timeline-desc">{escape(texts.description)}</desc>',
    ]
    parts += [
        f'<line class="timeline__tick" x1="{x(tick)}%" x2="{x(tick)}%" y1="{HEAD - 8}"'
        f' y2="{height - 8}"/><text class="timeline__month timeline__month--{tick.month}"'
        f' x="{x(tick)}%" dx="3" y="{HEAD - 16}">{escape(texts.month(tick))}</text>'
        for tick in _ticks(first, last)
    ]
    for row, view in enumerate(models):
        parts += _row(view, HEAD + ROW * row, x=x, until=last, texts=texts, link=link)
    parts += [
        f'<line class="timeline__today" x1="{x(today)}%" x2="{x(today)}%" y1="{HEAD - 8}"',
        f' y2="{height - 8}"><title>{escape(texts.today)}</title></line></svg>',
    ]
    drawn = {span.phase for view in models for span in spans(view.entry, until=last)}
    return Timeline("".join(parts), tuple(phase for phase in Phase if phase in drawn))


def _row(
    view: ModelView,
    top: int,
    *,
    x: Callable[[date], float],
    until: date,
    texts: TimelineTexts,
    link: Callable[[str], str],
) -> list[str]:
    middle = top + ROW // 2
    retired = " timeline__model--retired" if view.phase is Phase.RETIRED else ""
    parts = [
        f'<a href="{escape(link(view.slug))}">',
        f'<text class="timeline__model{retired}" x="-{GAP}" y="{middle + 4}">',
        f"{escape(view.id)}</text></a>",
    ]
    for span in spans(view.entry, until=until):
        start, end = x(span.start), x(span.end)
        says = f"{view.id} · {texts.phase(span.phase)} · {texts.day(span.start)}"
        if span.end < until:
            says += f" – {texts.day(span.end)}"
        parts.append(
            f'<rect class="timeline__bar timeline__bar--{span.phase}" x="{start}%"'
            f' y="{middle - BAR // 2}" width="{max(round(end - start, 2), 0.1)}%" height="{BAR}"'
            f' rx="2"><title>{escape(says)}</title></rect>'
        )
    return parts


def _range(models: Sequence[ModelView], today: date) -> tuple[date, date]:
    """From the first release to the last known date or today, in whole half-years."""
    days = [today]
    for view in models:
        entry = view.entry
        days.append(entry.released_on)
        days += [day for day in (entry.support_ends_on, entry.removed_on) if day is not None]
    first, last = min(days), add_months(max(days), 1)
    return date(first.year, 1 if first.month <= 6 else 7, 1), _half_year_after(last)


def _half_year_after(day: date) -> date:
    return date(day.year, 7, 1) if day.month <= 6 else date(day.year + 1, 1, 1)


def _ticks(first: date, last: date) -> list[date]:
    """The first days of half-years, or of years where these would be crowded."""
    step = 6 if (last - first).days <= 6 * 366 else 12
    ticks = [first]
    while (following := add_months(ticks[-1], step)) < last:
        ticks.append(following)
    return ticks
