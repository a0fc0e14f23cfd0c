"""Dates of a model: what comes early or without warning breaks a promise."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from llmaas.bundle import Phase, add_months
from llmaas.catalog.plan.change import Judgement
from llmaas.catalog.plan.difference import Delta
from llmaas.catalog.plan.judging.sides import Sides, arrow, breaking, compatible, notice
from llmaas.catalog.plan.tree import at


def entry_added(delta: Delta, sides: Sides) -> Judgement:
    """A model more."""
    released = delta.after["released_on"]
    if released > sides.today:
        return compatible(f"model added; it answers from {released}")
    return compatible(f"model added; released on {released}")


def entry_removed(delta: Delta, sides: Sides) -> Judgement:
    """A model's whole entry goes: requests for it are answered with an unknown model."""
    name, facts = delta.path[-1], delta.before
    phase = sides.phase_before(name)
    if phase is Phase.RETIRED:
        return compatible(
            f"entry removed; retired on {facts['removed_on']}: callers get 404 where 410 named "
            "the successor"
        )
    if phase is Phase.UPCOMING:
        return notice(f"announced for {facts['released_on']}, and now withdrawn")
    removed_on = facts.get("removed_on")
    if removed_on is not None:
        return breaking(
            "short-notice",
            f"entry removed while it answers; its removal is announced for {removed_on}",
            f"keep the entry until {removed_on}: it ends on its own",
        )
    return breaking(
        "removal-without-deprecation",
        "entry removed while it answers",
        f"keep it and run `llmaas edit model deprecate {name} --successor ID`",
    )


def released_on(delta: Delta, sides: Sides) -> Judgement:
    """The release moves."""
    message = arrow("released_on", delta.before, delta.after)
    if delta.before <= sides.today < delta.after:
        return breaking(
            "release-withdrawn",
            f"{message}; it stops answering until then",
            f"leave it at {delta.before}",
        )
    if delta.after > delta.before and delta.after > sides.today:
        return notice(f"{message}; released later than announced")
    return compatible(message)


def stability(delta: Delta, sides: Sides) -> Judgement:
    """Stable or not: whether months of support are promised."""
    message = arrow("stability", delta.before, delta.after)
    if delta.after == "experimental":
        return breaking(
            "stability-lowered",
            f"{message}; {sides.stable_months} months of support are promised no longer",
            "deprecate it instead, or add another model that is experimental",
        )
    return compatible(message)


def support_ends_on(delta: Delta, sides: Sides) -> Judgement:
    """The forecast end of maintenance moves."""
    message = arrow("support_ends_on", delta.before, delta.after)
    facts = at(sides.after, *delta.path[:-1])
    if delta.after is None or (delta.before is not None and delta.after > delta.before):
        return compatible(f"{message}; supported longer")
    if delta.before is not None and delta.before <= sides.today:
        return compatible(f"{message}; it had ended")
    promised = add_months(facts["released_on"], sides.stable_months)
    if facts.get("stability") == "stable" and delta.after < promised:
        return breaking(
            "short-support",
            f"{message}; stable models are supported for {sides.stable_months} months",
            f"support it until {promised} at least",
        )
    earliest = sides.noticed_from(sides.today)
    if delta.after < earliest:
        return breaking(
            "short-notice",
            f"{message}; customers learn of it less than {sides.notice_months} months before",
            f"end support on {earliest} at the earliest",
        )
    return notice(f"{message}; support ends earlier than was said")


def deprecated_on(delta: Delta, sides: Sides) -> Judgement:
    """Customers are asked to move, or no longer."""
    message = arrow("deprecated_on", delta.before, delta.after)
    facts = at(sides.after, *delta.path[:-1])
    if delta.after is None:
        return compatible(f"{message}; it stays")
    if delta.before is not None and delta.after > delta.before:
        return compatible(f"{message}; customers have longer to move")
    successor = facts.get("successor")
    told = f"callers move to {successor}" if successor else "no successor is named"
    if delta.after < sides.today:
        told += f"; in the past, so the notice counts from {sides.today}"
    return notice(f"{message}; {told}")


def removed_on(delta: Delta, sides: Sides) -> Judgement:
    """The day from which a model no longer answers moves."""
    message = arrow("removed_on", delta.before, delta.after)
    if delta.after is None or (delta.before is not None and delta.after > delta.before):
        return compatible(f"{message}; it answers longer")
    name = delta.path[1]
    announced = announced_on(at(sides.before, *delta.path[:-1]), at(sides.after, "models", name))
    if announced is None:
        return breaking(
            "removal-without-deprecation",
            f"{message}; it was never deprecated",
            f"run `llmaas edit model deprecate {name} --successor ID`",
        )
    earliest = sides.noticed_from(max(announced, sides.today) if _new(delta, sides) else announced)
    if delta.after < earliest:
        return breaking(
            "short-notice",
            f"{message}; customers learn of it less than {sides.notice_months} months before",
            f"remove it on {earliest} at the earliest",
        )
    return notice(message)


def announced_on(before: Mapping[str, Any], after: Mapping[str, Any]) -> date | None:
    """The deprecation that the new catalogue has, or the earlier one that customers know."""
    known: date | None = before.get("deprecated_on")
    planned: date | None = after.get("deprecated_on")
    return planned if known is None or planned is None else max(known, planned)


def _new(delta: Delta, sides: Sides) -> bool:
    """Whether customers learn of the deprecation only by this change."""
    return at(sides.before, *delta.path[:-1], "deprecated_on") is None


def successor(delta: Delta, sides: Sides) -> Judgement:
    """Where callers are told to go."""
    message = arrow("successor", delta.before, delta.after)
    phase = sides.phase_before(delta.path[1])
    if delta.before is not None and phase is not None and phase.leaving:
        return notice(f"{message}; callers were told to move to {delta.before}")
    return compatible(message)
