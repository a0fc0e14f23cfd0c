"""Dates stand in the order in which things happen."""

from collections.abc import Iterator
from datetime import date

from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog, Model
from llmaas.catalog.rules.finding import Finding


def dates_are_in_order(catalog: Catalog) -> Iterator[Finding]:
    """Of models and of compliance records."""
    for index, model in enumerate(catalog.models):
        yield from _model_dates(("models", index), model)
    for index, record in enumerate(catalog.compliance):
        if _reversed(record.valid_from, record.valid_until):
            yield _out_of_order(("compliance", index), "valid_until", "after", "valid_from")


def _model_dates(loc: Loc, model: Model) -> Iterator[Finding]:
    released, deprecated = model.released_on, model.deprecated_on
    if _reversed(released, model.support_ends_on):
        yield _out_of_order(loc, "support_ends_on", "after", "released_on")
    if deprecated is not None and deprecated < released:
        yield _out_of_order(loc, "deprecated_on", "not before", "released_on")
    if _reversed(released, model.removed_on):
        yield _out_of_order(loc, "removed_on", "after", "released_on")
    elif deprecated is not None and model.removed_on is not None and model.removed_on < deprecated:
        yield _out_of_order(loc, "removed_on", "not before", "deprecated_on")


def removal_follows_a_deprecation(catalog: Catalog) -> Iterator[Finding]:
    """Customers hear of a removal by the deprecation that comes before it."""
    for index, model in enumerate(catalog.models):
        if model.removed_on is not None and model.deprecated_on is None:
            yield Finding(
                ("models", index, "removed_on"),
                "removed-without-deprecation",
                f"`{model.id}` is removed but never deprecated",
                f"add `deprecated_on`, {catalog.lifecycle.removal_notice_months} months before "
                "`removed_on`",
            )


def _reversed(earlier: date | None, later: date | None) -> bool:
    return earlier is not None and later is not None and later <= earlier


def _out_of_order(loc: Loc, later: str, relation: str, earlier: str) -> Finding:
    return Finding(
        (*loc, later),
        "dates-out-of-order",
        f"`{later}` must be {relation} `{earlier}`",
        "correct the wrong one of the two",
        first=(*loc, earlier),
    )
