"""Edits of a model's life: deprecated, kept longer, removed. Dates that follow are computed."""

from datetime import date

from llmaas.bundle import add_months
from llmaas.catalog.edit.applying import Edit, EditRefusedError
from llmaas.catalog.edit.finding import find_model
from llmaas.catalog.edit.operations import Drop, Operation, Put
from llmaas.catalog.model import Catalog, Model


def deprecate(
    catalog: Catalog,
    name: str,
    *,
    successor: str,
    today: date,
    on: date | None = None,
    removed_on: date | None = None,
) -> Edit:
    """Ask customers to move, and announce the removal for the first day that is lawful.

    Args:
        catalog: what the file holds.
        name: id or alias of the model that leaves.
        successor: id or alias of the model to move to.
        today: the day of the edit.
        on: the day of the deprecation, today where it is not given.
        removed_on: a removal later than the earliest.

    Raises:
        EditRefusedError: it is deprecated already, or a date breaks a promise.
    """
    index, model = find_model(catalog, name)
    follows = find_model(catalog, successor)[1]
    on = on or today
    if model.deprecated_on is not None:
        raise EditRefusedError(
            f"`{model.id}` is deprecated since {model.deprecated_on}"
            if model.deprecated_on <= today
            else f"`{model.id}` is to be deprecated on {model.deprecated_on}",
            f"to keep it longer: llmaas edit model extend {model.id} --until DATE",
        )
    if on < today:
        raise EditRefusedError(
            f"{on} is past: customers would have had less notice than they are promised",
            f"deprecate it from {today} on",
        )
    earliest = earliest_removal(catalog, model, on)
    removed_on = removed_on or earliest
    if removed_on < earliest:
        raise EditRefusedError(
            f"`{model.id}` cannot be removed on {removed_on}",
            f"the earliest lawful day is {earliest}",
        )
    facts = {"deprecated_on": on, "removed_on": removed_on, "successor": follows.id}
    months = catalog.lifecycle.removal_notice_months
    ends = model.support_ends_on
    supported = "" if ends is None else f", and not before support ends on {ends}"
    life = f"{model.id} is deprecated from {on} and removed on {removed_on}"
    return Edit(
        tuple(Put(("models", index, key), str(value)) for key, value in facts.items()),
        (
            f"{life}; callers move to {follows.id}",
            f"{earliest} is the earliest lawful removal: {months} months of notice{supported}",
        ),
    )


def earliest_removal(catalog: Catalog, model: Model, deprecated_on: date) -> date:
    """The first day on which a removal keeps the promises of notice and of support."""
    policy = catalog.lifecycle
    days = [add_months(deprecated_on, policy.removal_notice_months)]
    if model.support_ends_on is not None:
        days.append(model.support_ends_on)
    elif model.stability == "stable":
        days.append(add_months(model.released_on, policy.stable_months))
    return max(days)


def extend(catalog: Catalog, name: str, *, until: date) -> Edit:
    """Support a model longer; a removal that would come before moves with it.

    Raises:
        EditRefusedError: it would not be longer.
    """
    index, model = find_model(catalog, name)
    ends = model.support_ends_on
    if ends is None and model.removed_on is None:
        raise EditRefusedError(
            f"the support of `{model.id}` has no end that could be moved",
            "nothing is to be done: it is supported until it is deprecated",
        )
    if (ends is not None and until <= ends) or (
        ends is None and until <= (model.removed_on or until)
    ):
        raise EditRefusedError(
            f"`{model.id}` is supported until {ends or model.removed_on} already",
            "give a later day; to end support earlier, edit the file and look at `llmaas plan`",
        )
    operations: list[Operation] = []
    notes = []
    if ends is not None:
        operations.append(Put(("models", index, "support_ends_on"), str(until)))
        notes.append(f"{model.id} is supported until {until}")
    if model.removed_on is not None and model.removed_on < until:
        operations.append(Put(("models", index, "removed_on"), str(until)))
        notes.append(f"{model.id} is removed on {until}")
    return Edit(tuple(operations), tuple(notes))


def remove(catalog: Catalog, name: str, *, today: date, even_if_it_answers: bool = False) -> Edit:
    """Take a model's entry out of the catalogue.

    Raises:
        EditRefusedError: it still answers and that was not asked for, or models name it.
    """
    index, model = find_model(catalog, name)
    retired = model.removed_on is not None and model.removed_on <= today
    if not retired and not even_if_it_answers:
        raise EditRefusedError(
            f"`{model.id}` still answers"
            + (f" until {model.removed_on}" if model.removed_on else ""),
            f"announce its end: llmaas edit model deprecate {model.id} --successor ID; "
            "or give --even-if-it-answers, if nobody was ever told of it",
        )
    followed = [each.id for each in catalog.models if each.successor == model.id]
    if followed:
        raise EditRefusedError(
            f"`{model.id}` is the successor of {', '.join(f'`{each}`' for each in followed)}",
            "name another successor there first",
        )
    return Edit(
        (Drop(("models", index)),),
        (
            f"{model.id} is taken out; requests for it get 404"
            + (", no longer 410 with its successor" if retired else ""),
        ),
    )
