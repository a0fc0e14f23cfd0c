"""The plan: two catalogues and a day in, judged changes out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from llmaas.catalog.model import Catalog
from llmaas.catalog.plan.change import Audience, Change, Plan, PriceEffect
from llmaas.catalog.plan.difference import difference
from llmaas.catalog.plan.judging import judged
from llmaas.catalog.plan.judging.money import amount_on
from llmaas.catalog.plan.judging.sides import Sides
from llmaas.catalog.plan.ledger import Usage
from llmaas.catalog.plan.tree import at, tree_of

_GROUPS = ("everyone", "price", "tier", "model", "documentation", "operations")
_PER_UNIT = {"million_tokens": Decimal(1_000_000), "started_minute": Decimal(1)}


def plan(before: Catalog, after: Catalog, *, today: date, ledger: Sequence[Usage] = ()) -> Plan:
    """What changes when `after` takes the place of `before` on `today`."""
    return plan_trees(tree_of(before), tree_of(after), today=today, ledger=ledger)


def plan_trees(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    today: date,
    ledger: Sequence[Usage] = (),
    not_compared: Iterable[str] = (),
) -> Plan:
    """`plan` for what is not a whole catalogue on both sides."""
    sides = Sides(before, after, today)
    changes = tuple(judged(delta, sides) for delta in difference(before, after))
    return Plan(
        today=today,
        changes=tuple(sorted(changes, key=lambda change: _group(change.audience))),
        prices=tuple(_price_effects(changes, sides, ledger)),
        usage=tuple(_usage_of(changes, ledger)),
        not_compared=tuple(not_compared),
    )


def _group(audience: Audience) -> tuple[int, str]:
    """Those whom most concerns first; models by name."""
    return _GROUPS.index(audience.group), audience.name or ""


def _price_effects(
    changes: Iterable[Change], sides: Sides, ledger: Sequence[Usage]
) -> Iterable[PriceEffect]:
    steps = [change.path for change in changes if change.path[0] == "prices"]
    for price, day in sorted({(path[1], path[3]) for path in steps if len(path) > 3}):
        quantity = sum((each.quantity for each in ledger if each.price == price), Decimal(0))
        effective_on = date.fromisoformat(day)
        eur_before = amount_on(sides.before, price, effective_on)
        eur_after = amount_on(sides.after, price, effective_on)
        if not ledger or eur_before is None or eur_after in (None, eur_before):
            continue
        units = quantity / _PER_UNIT[at(sides.after, "prices", price, "unit")]
        yield PriceEffect(price, effective_on, quantity, units * eur_before, units * eur_after)


def _usage_of(changes: Iterable[Change], ledger: Sequence[Usage]) -> Iterable[tuple[str, Decimal]]:
    """Last month's use of the models whose callers are affected; 0 is worth knowing too."""
    affected = {change.audience.name for change in changes if change.audience.group == "model"}
    for model in sorted(name for name in affected if name) if ledger else ():
        yield model, sum((each.quantity for each in ledger if each.model == model), Decimal(0))
