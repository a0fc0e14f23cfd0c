"""Prices and tiers: what customers have agreed to pay, and what they bought."""

from datetime import date
from decimal import Decimal
from typing import Any

from llmaas.catalog.plan.change import Judgement
from llmaas.catalog.plan.difference import Delta
from llmaas.catalog.plan.judging.sides import Sides, arrow, breaking, compatible, notice
from llmaas.catalog.plan.tree import at

LIMITS = ("monthly_cap_eur", "output_tokens_per_hour", "output_tokens_per_day")


def amount_on(tree: Any, price: str, day: date) -> Decimal | None:
    """What a unit costs on a day; `None` before the first step or without the price."""
    steps = (at(tree, "prices", price, "steps") or {}).values()
    past = [step for step in steps if step["effective_on"] <= day]
    if not past:
        return None
    newest: Decimal = max(past, key=lambda step: step["effective_on"])["eur"]
    return newest


def step(delta: Delta, sides: Sides) -> Judgement:
    """An amount comes, goes or changes."""
    price = delta.path[1]
    day = date.fromisoformat(delta.path[3])
    before, after = amount_on(sides.before, price, day), amount_on(sides.after, price, day)
    message = f"from {day}: {_eur(before)} → {_eur(after)}"
    if before == after and day > sides.today:
        return compatible(f"from {day}: {_eur(after)} as before, by another step")
    rises = before is not None and after is not None and after > before
    if day > sides.today:
        return notice(f"{message}; a rise") if rises else compatible(message)
    if rises and delta.before is None:
        return breaking(
            "price-without-notice",
            f"{message}; a rise from a day that has come",
            f"run `llmaas edit price set {price} {after} --from DATE` with a later day",
        )
    return breaking(
        "billed-price-edited",
        f"{message}; from a day that has been billed",
        "leave it, and add a step with a later day",
    )


def rounding(delta: Delta, _: Sides) -> Judgement:
    """Whether started units are due in full."""
    message = arrow(delta.path[-1], delta.before, delta.after)
    if delta.path[-1] == "rounding" and delta.after == "up":
        return breaking("rounding-up", message, "leave it, or raise the price with notice")
    return compatible(message) if delta.path[-1] == "rounding" else notice(message)


def tier(delta: Delta, _: Sides) -> Judgement:
    """A whole tier comes or goes."""
    if delta.before is None:
        return compatible("tier added")
    return breaking(
        "tier-removed",
        "tier removed; its customers have no limits and no terms any more",
        "keep it until its last customer has moved",
    )


def tier_term(delta: Delta, _: Sides) -> Judgement:
    """What a tier allows and costs."""
    term, before, after = delta.path[-1], delta.before, delta.after
    message = arrow(term, before, after)
    if term == "kind":
        return breaking("tier-terms-changed", message, "add a tier, and let customers choose it")
    if term in LIMITS:
        if after is None or (before is not None and after > before):
            return compatible(f"{message}; more is allowed")
        return breaking(
            "tier-limit-lowered",
            f"{message}; less is allowed",
            "add a tier with the lower limit, and keep this one for those who bought it",
        )
    if term == "upfront_credit_eur" and before is not None and after is not None and after > before:
        return notice(f"{message}; more is due to activate it")
    return compatible(message)


def _eur(amount: Decimal | None) -> str:
    return "not offered" if amount is None else f"{amount:f} EUR"
