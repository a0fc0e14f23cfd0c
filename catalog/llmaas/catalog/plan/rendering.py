"""A plan as text in 80 columns, as JSON, and as Markdown for a pull request."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import groupby
from textwrap import wrap
from typing import Any, Literal

from llmaas.catalog.plan.change import Change, Effect, PageChanges, Plan, PriceEffect
from llmaas.catalog.plan.rules import RULES

PlanFormat = Literal["text", "json", "markdown"]
MARKS: Mapping[Effect, str] = {
    Effect.COMPATIBLE: "+",
    Effect.NOTICE_NEEDED: "~",
    Effect.BREAKING: "!",
}
"""What a change's first line begins with; a terminal colours by it."""
WIDTH = 80


def render_plan(plan: Plan, against: str, format: PlanFormat = "text") -> str:  # noqa: A002
    """The whole plan, ending in a newline.

    Args:
        plan: what to print.
        against: what the catalogue was compared with, in words.
        format: for people, programs or reviews.
    """
    renderers: dict[str, Callable[[Plan, str], str]] = {
        "text": _text,
        "json": _json,
        "markdown": _markdown,
    }
    return renderers[format](plan, against)


# -- text -----------------------------------------------------------------------------------------


def _text(plan: Plan, against: str) -> str:
    return "\n".join(_text_lines(plan, against)) + "\n"


def _text_lines(plan: Plan, against: str) -> Iterator[str]:
    for title, changes in _by_audience(plan):
        used = _used(plan, changes)
        yield f"{title}{f' ({used})' if used else ''}"
        for change in changes:
            word = "" if change.effect is Effect.COMPATIBLE else f"{change.effect.label}: "
            yield from _wrapped(f"  {MARKS[change.effect]} ", word + change.judgement.message)
            if change.judgement.rule:
                yield from _wrapped(
                    "    rule: ", f"{change.judgement.rule}. {RULES[change.judgement.rule]}"
                )
            if change.judgement.help:
                yield from _wrapped("    help: ", change.judgement.help)
        yield ""
    if plan.prices:
        yield "Effect on last month's bill, all customers together"
        for each in plan.prices:
            yield from _wrapped("  ", _bill(each))
        yield ""
    if plan.pages:
        yield "Pages of the documentation"
        for pages in plan.pages:
            yield from _wrapped(f"  {pages.language}  ", _pages(pages))
        yield ""
    if plan.not_compared:
        yield f"Not compared, because {against} does not tell"
        for missing in plan.not_compared:
            yield from _wrapped("  - ", missing)
        yield ""
    yield from wrap(_total(plan, against), WIDTH)


def _wrapped(first: str, text: str) -> list[str]:
    return wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _by_audience(plan: Plan) -> Iterator[tuple[str, tuple[Change, ...]]]:
    for audience, changes in groupby(plan.changes, key=lambda change: change.audience):
        yield audience.title, tuple(sorted(changes, key=lambda change: -change.effect))


def _used(plan: Plan, changes: Iterable[Change]) -> str:
    usage = dict(plan.usage)
    name = next(iter(changes)).audience.name
    return f"last month: {_number(usage[name])} billed units" if name in usage else ""


def _bill(effect: PriceEffect) -> str:
    more = "more" if effect.eur_difference >= 0 else "less"
    return (
        f"{effect.price} from {effect.effective_on}: {_eur(effect.eur_before)} → "
        f"{_eur(effect.eur_after)}, {_eur(abs(effect.eur_difference))} {more} "
        f"for {_number(effect.quantity)} billed units"
    )


def _pages(pages: PageChanges) -> str:
    parts = [
        f"{len(paths)} {word}"
        for word, paths in (
            ("added", pages.added),
            ("changed", pages.changed),
            ("removed", pages.removed),
        )
        if paths
    ]
    return ", ".join(parts) or "none changes"


def _total(plan: Plan, against: str) -> str:
    if not plan.changes:
        return f"No changes against {against} on {plan.today}."
    counts = ", ".join(
        f"{number} {effect.label}"
        for effect in reversed(Effect)
        if (number := sum(change.effect is effect for change in plan.changes))
    )
    changes = "1 change" if len(plan.changes) == 1 else f"{len(plan.changes)} changes"
    return f"{changes} against {against} on {plan.today}: {counts}."


def _eur(amount: Decimal) -> str:
    return f"{amount:,.2f}\u00a0EUR".replace(",", "\u00a0")


def _number(quantity: Decimal) -> str:
    return f"{quantity:,f}".replace(",", "\u00a0")  # a number is not broken over two lines


# -- JSON -----------------------------------------------------------------------------------------


def _json(plan: Plan, against: str) -> str:
    document = {
        "against": against,
        "today": plan.today,
        "effect": plan.effect.name.lower(),
        "changes": [
            {
                "path": change.path,
                "before": change.delta.before,
                "after": change.delta.after,
                "position": change.delta.position,
                "reordered": change.delta.reordered,
                "effect": change.effect.name.lower(),
                "affects": {"group": change.audience.group, "name": change.audience.name},
                "message": change.judgement.message,
                "rule": change.judgement.rule,
                "help": change.judgement.help,
            }
            for change in plan.changes
        ],
        "last_month": [
            {
                "price": each.price,
                "effective_on": each.effective_on,
                "quantity": each.quantity,
                "eur_before": each.eur_before,
                "eur_after": each.eur_after,
            }
            for each in plan.prices
        ],
        "usage": dict(plan.usage),
        "pages": {
            each.language: {
                "added": each.added,
                "changed": each.changed,
                "removed": each.removed,
            }
            for each in plan.pages
        },
        "not_compared": plan.not_compared,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> str:
    """Dates as ISO 8601, decimals as text: a float would round money."""
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}"


# -- Markdown -------------------------------------------------------------------------------------

_NAMES: Mapping[Effect, str] = {
    Effect.COMPATIBLE: "compatible",
    Effect.NOTICE_NEEDED: "notice needed",
    Effect.BREAKING: "**breaking**",
}


def _markdown(plan: Plan, against: str) -> str:
    lines = ["### What this does to customers", "", _cell(_total(plan, against))]
    if plan.changes:
        lines += ["", "| class | who | what |", "|---|---|---|"]
    for change in sorted(plan.changes, key=lambda each: -each.effect):
        what = _cell(change.judgement.message)
        if change.judgement.rule:
            what += f"<br>Rule `{change.judgement.rule}`: {_cell(RULES[change.judgement.rule])}"
        if change.judgement.help:
            what += f"<br>Instead: {_cell(change.judgement.help)}"
        lines.append(f"| {_NAMES[change.effect]} | {_cell(change.audience.title)} | {what} |")
    if plan.prices:
        lines += ["", "Effect on last month's bill, all customers together:", ""]
        lines += [f"- {_cell(_bill(each))}" for each in plan.prices]
    if plan.pages:
        lines += ["", "| pages | added | changed | removed |", "|---|---|---|---|"]
        lines += [
            f"| {each.language} | {len(each.added)} | {len(each.changed)} | {len(each.removed)} |"
            for each in plan.pages
        ]
    if plan.not_compared:
        lines += ["", f"Not compared, because {_cell(against)} does not tell:", ""]
        lines += [f"- {_cell(each)}" for each in plan.not_compared]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Without what would end a cell or begin a tag."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
