"""Edits of prices and tiers."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from llmaas.catalog.edit.applying import Edit, EditRefusedError
from llmaas.catalog.edit.finding import meant
from llmaas.catalog.edit.operations import Add, Operation, Put
from llmaas.catalog.model import Catalog, Price, Prices


def set_price(
    catalog: Catalog, name: str, eur: Decimal, *, effective_on: date, today: date
) -> Edit:
    """Bill another amount from a later day on.

    Raises:
        EditRefusedError: there is no such price, the day has come, or the amount changes nothing.
    """
    if name not in Prices.model_fields:
        raise EditRefusedError(
            f"there is no price `{name}`",
            meant(name, tuple(Prices.model_fields)) or f"prices: {', '.join(Prices.model_fields)}",
        )
    if effective_on <= today:
        raise EditRefusedError(
            f"{effective_on} has come: what was used since then is billed already",
            f"give a day after {today}",
        )
    price: Price = getattr(catalog.prices, name)
    earlier = [step for step in price.steps if step.effective_on < effective_on]
    same = [step for step in price.steps if step.effective_on == effective_on]
    before = next(reversed((*earlier, *same)), None)
    if before is not None and before.eur == eur:
        raise EditRefusedError(f"`{name}` costs {eur} EUR on {effective_on} already")
    at = len(earlier)
    operation: Operation = Add(
        ("prices", name, "steps"),
        {"effective_on": str(effective_on), "eur": eur},
        at if at < len(price.steps) else None,
    )
    if same:
        operation = Put(("prices", name, "steps", at, "eur"), eur)
    was = "" if before is None else f", {before.eur} before"
    unit = price.unit.replace("_", " ")
    return Edit((operation,), (f"{name} costs {eur} EUR per {unit} from {effective_on}{was}",))


def set_tier(catalog: Catalog, tier_id: str, terms: Mapping[str, Decimal | int]) -> Edit:
    """Change what a tier costs and allows.

    Args:
        catalog: what the file holds.
        tier_id: which tier.
        terms: the new values by key of the tier.

    Raises:
        EditRefusedError: there is no such tier, or nothing changes.
    """
    ids = [tier.id for tier in catalog.tiers]
    if tier_id not in ids:
        raise EditRefusedError(
            f"there is no tier `{tier_id}`", meant(tier_id, ids) or f"tiers: {', '.join(ids)}"
        )
    index = ids.index(tier_id)
    new = {
        key: value for key, value in terms.items() if getattr(catalog.tiers[index], key) != value
    }
    if not new:
        raise EditRefusedError(f"tier `{tier_id}` has these terms already")
    notes = (
        f"{key} of {tier_id}: {getattr(catalog.tiers[index], key)} → {value}"
        for key, value in new.items()
    )
    operations = (Put(("tiers", index, key), value) for key, value in new.items())
    return Edit(tuple(operations), tuple(notes))
