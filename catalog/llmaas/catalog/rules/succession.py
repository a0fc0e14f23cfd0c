"""Customers of a model that goes find another one, which lasts longer."""

from collections.abc import Iterator
from datetime import date

from llmaas.catalog.model import Catalog, Model
from llmaas.catalog.rules.finding import Finding
from llmaas.catalog.wording import closest


def deprecated_models_have_successors(catalog: Catalog) -> Iterator[Finding]:
    """A deprecation tells customers where to go."""
    for index, model in enumerate(catalog.models):
        if model.deprecated_on is not None and model.successor is None:
            yield Finding(
                ("models", index, "deprecated_on"),
                "missing-successor",
                f"`{model.id}` is deprecated but has no successor",
                "add `successor:` with the id of the model to move to",
            )


def successors_exist(catalog: Catalog) -> Iterator[Finding]:
    """A successor is named by the id of its model, not by an alias."""
    ids = tuple(model.id for model in catalog.models)
    by_alias = {alias: model.id for model in catalog.models for alias in model.aliases}
    for index, model in enumerate(catalog.models):
        successor = model.successor
        if successor is None or successor in ids:
            continue
        meant = by_alias.get(successor) or closest(successor, ids)
        yield Finding(
            ("models", index, "successor"),
            "unknown-successor",
            f"the catalogue has no model with the id `{successor}`",
            f"did you mean `{meant}`?" if meant else "name a model of this catalogue by its id",
        )


def successors_lead_somewhere(catalog: Catalog) -> Iterator[Finding]:
    """Each cycle is reported once, at the first of its models."""
    models = {model.id: model for model in catalog.models}
    places = {model.id: index for index, model in enumerate(catalog.models)}
    seen: set[str] = set()
    for start in catalog.models:
        chain: list[str] = []
        step: str | None = start.id
        while step in models and step not in seen:
            seen.add(step)
            chain.append(step)
            step = models[step].successor
        if step not in chain:
            continue
        cycle = chain[chain.index(step) :]
        first = min(cycle, key=lambda name: places[name])
        at = cycle.index(first)
        turn = " → ".join([*cycle[at:], *cycle[:at], first])
        yield Finding(
            ("models", places[first], "successor"),
            "successor-cycle",
            f"the successors of `{first}` lead back to it: {turn}",
            "name a model outside of this circle",
        )


def successors_outlast(catalog: Catalog) -> Iterator[Finding]:
    """A successor is there when its model ends, and ends later or at the same time."""
    models = {model.id: model for model in catalog.models}
    for index, model in enumerate(catalog.models):
        successor = models.get(model.successor or "")
        if successor is None or successor is model:
            continue
        end, its_end = _end(model), _end(successor)
        if its_end < end:
            yield Finding(
                ("models", index, "successor"),
                "successor-ends-first",
                f"`{successor.id}` ends on {its_end}, before `{model.id}`, which it succeeds",
                "name a model that stays longer",
            )
        if successor.released_on > end:
            yield Finding(
                ("models", index, "successor"),
                "successor-not-released",
                f"`{successor.id}` is released on {successor.released_on}, after "
                f"`{model.id}` has ended on {end}",
                "name a model that is released by then",
            )


def ended_models_have_successors(catalog: Catalog, today: date) -> Iterator[Finding]:
    """Support that ends without a deprecation leaves customers without advice."""
    for index, model in enumerate(catalog.models):
        ends = model.support_ends_on
        if ends is None or not model.released_on < ends <= today:
            continue
        if model.successor or model.deprecated_on:
            continue
        yield Finding(
            ("models", index, "support_ends_on"),
            "ended-without-successor",
            f"support of `{model.id}` ended on {ends} and no successor is named",
            "add `successor:` with the id of the model to move to",
        )


def _end(model: Model) -> date:
    """The day from which nobody should need the model any more."""
    return min(model.support_ends_on or date.max, model.removed_on or date.max)
