"""The service itself: its address, promises, law, certificates, protection and machines."""

from collections.abc import Mapping
from typing import Any

from llmaas.catalog.plan.change import Judgement
from llmaas.catalog.plan.difference import Delta
from llmaas.catalog.plan.judging.sides import Sides, arrow, breaking, compatible, notice
from llmaas.catalog.plan.tree import at


def address(delta: Delta, _: Sides) -> Judgement:
    """Where clients call."""
    return breaking(
        "address-changed",
        arrow("base_url", delta.before, delta.after),
        "serve both addresses, and tell customers before the old one ends",
    )


def region(delta: Delta, sides: Sides) -> Judgement:
    """Where requests are processed."""
    before = at(sides.before, "service", "regions") or {}
    after = at(sides.after, "service", "regions") or {}
    known = {each["country"] for each in before.values()}
    new = sorted({each["country"] for each in after.values()} - known)
    message = arrow(".".join(delta.path[1:]), delta.before, delta.after)
    if new and delta.after is not None:
        return breaking(
            "processing-moved",
            f"{message}; requests come under the law of {', '.join(new)}",
            "offer the region as a choice of each customer",
        )
    return notice(message)


def promise(delta: Delta, _: Sides) -> Judgement:
    """A figure of which more is better: months, availability."""
    message = arrow(".".join(delta.path), delta.before, delta.after)
    if delta.after < delta.before:
        return _lowered(message, delta.before)
    return compatible(message)


def response_time(delta: Delta, _: Sides) -> Judgement:
    """A figure of which less is better."""
    message = arrow(".".join(delta.path), delta.before, delta.after)
    if delta.after is None or (delta.before is not None and delta.after > delta.before):
        return _lowered(message, delta.before)
    return compatible(message)


def extended_support(delta: Delta, _: Sides) -> Judgement:
    """Whether a model can be kept longer on request."""
    message = arrow("extended_support", delta.before, delta.after)
    return _lowered(message, delta.before) if delta.after == "none" else compatible(message)


def support_language(delta: Delta, _: Sides) -> Judgement:
    """A language in which people answer."""
    message = arrow("support.languages", delta.before, delta.after)
    return _lowered(message, delta.before) if delta.after is None else compatible(message)


def _lowered(message: str, before: Any) -> Judgement:
    return breaking(
        "promise-lowered", message, f"leave it at {before} for those who were promised it"
    )


def language(delta: Delta, _: Sides) -> Judgement:
    """A language of the documentation, or their order: the first is the default."""
    if delta.reordered:
        return notice(f"languages: the default is {delta.after[0]}")
    if delta.after is None:
        return notice(f"language {delta.before} removed")
    return compatible(f"language {delta.after} added")


def compliance(delta: Delta, _: Sides) -> Judgement:
    """A certificate is gained, lost, or described otherwise."""
    message = arrow(".".join(delta.path[1:]), delta.before, delta.after)
    if len(delta.path) == 2 and not delta.reordered:
        record = delta.before or delta.after
        message = f"{record['name']} ({record['status']}) {'added' if delta.after else 'removed'}"
        lost = delta.after is None and record["status"] == "valid"
    else:
        lost = delta.path[-1] == "status" and delta.before == "valid"
    if lost:
        return breaking(
            "compliance-lost",
            message,
            "tell customers who rely on it before the service does without it",
        )
    if delta.path[-1] in {"scope", "valid_until", "kind"}:
        return notice(message)
    return compatible(message)


def endpoint(delta: Delta, _: Sides) -> Judgement:
    """An operation of the API."""
    name = delta.path[1]
    before = delta.before if len(delta.path) == 3 else (delta.before or {}).get("status")
    after = delta.after if len(delta.path) == 3 else (delta.after or {}).get("status")
    message = arrow(f"endpoint {name}", before, after)
    if before == "served":
        return breaking(
            "ability-removed", message, "keep it as long as a model is offered that answers it"
        )
    return compatible(message)


def protection(delta: Delta, _: Sides) -> Judgement:
    """Whether prompts are checked, and by what."""
    message = arrow(".".join(delta.path), delta.before, delta.after)
    on = delta.after.get("enabled") if isinstance(delta.after, Mapping) else delta.after
    if not on:
        return breaking(
            "protection-removed",
            message,
            "switch it off for single customers, on their request",
        )
    return notice(f"{message}; prompts can be refused that were answered")


def threshold(delta: Delta, _: Sides) -> Judgement:
    """From when a prompt is flagged or refused."""
    message = arrow(".".join(delta.path), delta.before, delta.after)
    scale = ("allow", "flag", "block")
    if delta.before is None or delta.after is None:
        return notice(message)
    stricter = (
        scale.index(delta.after) > scale.index(delta.before)
        if delta.after in scale
        else delta.after > delta.before
        if delta.path[-1] == "window_s"
        else delta.after < delta.before
    )
    if stricter:
        return notice(f"{message}; stricter: prompts can be refused that were answered")
    return notice(f"{message}; looser: prompts can pass that were stopped")


def told(delta: Delta, _: Sides) -> Judgement:
    """What customers must hear of, and what breaks nothing."""
    return notice(arrow(".".join(delta.path), delta.before, delta.after))


def time_zone(delta: Delta, _: Sides) -> Judgement:
    """Where days and months begin. The running accounts count them in the zone they began with."""
    message = arrow("service.time_zone", delta.before, delta.after)
    return notice(
        f"{message}; days of the lifecycle and months of bills begin at another moment. "
        "`llmaas apply` refuses it: stop the service and start it with this catalogue"
    )


def harmless(delta: Delta, _: Sides) -> Judgement:
    """What changes nothing for anybody's requests."""
    if delta.reordered:
        return compatible(f"order of {delta.path[-1]}: {', '.join(map(str, delta.after))}")
    return compatible(arrow(".".join(delta.path), delta.before, delta.after))
