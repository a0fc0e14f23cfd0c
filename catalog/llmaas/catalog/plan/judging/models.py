"""Facts of a model: what requests and stored results depend on."""

from collections.abc import Mapping

from llmaas.catalog.plan.change import Judgement
from llmaas.catalog.plan.difference import Delta
from llmaas.catalog.plan.judging.sides import Sides, arrow, breaking, compatible, notice
from llmaas.catalog.plan.tree import at

_STRICTER = ("yes", "restricted", "no")


def name_of_model(delta: Delta, sides: Sides) -> Judgement:
    """An alias comes, goes, or leads elsewhere."""
    alias = delta.path[-1]
    if delta.before is None:
        return compatible(f"alias {alias} added")
    owner = next(
        (
            model
            for model, facts in (at(sides.after, "models") or {}).items()
            if alias == model or alias in facts.get("aliases", ())
        ),
        None,
    )
    if owner is None:
        return breaking(
            "name-removed",
            f"alias {alias} removed; requests with it are refused",
            "keep the alias as long as the model answers",
        )
    return breaking(
        "name-moved",
        f"alias {alias} now means {owner}; the same requests get other answers",
        f"keep it on {delta.path[1]}, and choose a new alias for {owner}",
    )


def ability(delta: Delta, _: Sides) -> Judgement:
    """A capability, endpoint or modality comes or goes."""
    what = {
        "capabilities": "capability",
        "endpoints": "endpoint",
        "input_modalities": "input modality",
        "output_modalities": "output modality",
    }[delta.path[2]]
    if delta.before is None:
        return compatible(f"{what} {delta.path[-1]} added")
    return breaking(
        "ability-removed",
        f"{what} {delta.path[-1]} removed",
        "keep it, or deprecate the model and offer another one",
    )


def context(delta: Delta, _: Sides) -> Judgement:
    """Tokens that fit into a request."""
    message = arrow(delta.path[-1], delta.before, delta.after)
    if delta.before is not None and delta.after is not None and delta.after < delta.before:
        return breaking(
            "context-lowered",
            f"{message} tokens; longer prompts are refused",
            f"leave it at {delta.before}, or offer the smaller context under another id",
        )
    return compatible(message)


def weights(delta: Delta, sides: Sides) -> Judgement:
    """Other weights give other answers."""
    message = arrow(".".join(delta.path[2:]), delta.before, delta.after)
    if delta.before is None or delta.path[-1] in {"sha256", "verified"}:
        return compatible(message)
    if at(sides.before, *delta.path[:2], "stability") == "stable":
        return breaking(
            "fixed-version",
            f"{message}; a stable model keeps its weights",
            "offer the new weights under another id, and name it as successor",
        )
    return notice(f"{message}; answers will differ")


def vectors(delta: Delta, _: Sides) -> Judgement:
    """Vectors that cannot be compared with those that customers stored."""
    message = arrow(delta.path[-1], delta.before, delta.after)
    if delta.before is None:
        return compatible(message)
    return breaking(
        "vectors-replaced",
        f"{message}; stored vectors cannot be compared with new ones",
        "offer it under another id, and name it as successor",
    )


def format_of_answers(delta: Delta, _: Sides) -> Judgement:
    """How prompts are built and answers are taken apart."""
    message = arrow(".".join(delta.path[2:]), delta.before, delta.after)
    return compatible(message) if delta.before is None else notice(f"{message}; answers can differ")


def licence(delta: Delta, _: Sides) -> Judgement:
    """What customers may do with the answers."""
    message = arrow(".".join(delta.path[2:]), delta.before, delta.after)
    if delta.path[-1] != "commercial_use":
        return notice(message)
    if _STRICTER.index(delta.after) > _STRICTER.index(delta.before):
        return breaking(
            "licence-narrowed",
            message,
            "say first in the documentation that it was published under another licence",
        )
    return compatible(message)


def exception(delta: Delta, _: Sides) -> Judgement:
    """A broken promise that is admitted; the breach itself is judged where it stands."""
    came = "added" if delta.before is None else "removed" if delta.after is None else "changed"
    reason = (delta.after if isinstance(delta.after, Mapping) else None) or {}
    why = f": {reason['reason']}" if reason else ""
    return compatible(f"exception {delta.path[3]} {came}{why}")


def fact(delta: Delta, _: Sides) -> Judgement:
    """What only readers see."""
    return compatible(arrow(".".join(delta.path[2:]), delta.before, delta.after))


def order(delta: Delta, _: Sides) -> Judgement:
    """The same things in another order."""
    return compatible(f"order of {delta.path[-1]}: {', '.join(map(str, delta.after))}")
