"""Edits of the prompt-security policy."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from llmaas.catalog.edit.applying import Edit, EditRefusedError
from llmaas.catalog.edit.operations import Add, Put
from llmaas.catalog.model import Catalog


def relax(
    catalog: Catalog,
    tenant: str,
    *,
    mode: str,
    disabled_rules: Sequence[str],
    until: date,
    reason: str,
    author: str,
    today: date,
) -> Edit:
    """Grant a customer an exception, up to and including a day.

    Raises:
        EditRefusedError: the day is over.
    """
    if until < today:
        raise EditRefusedError(f"{until} is over", "give a day to come with --until")
    granted: dict[str, Any] = {"tenant": tenant, "mode": mode}
    if disabled_rules:
        granted["disabled_rules"] = tuple(disabled_rules)
    granted |= {"until": until.isoformat(), "reason": reason, "author": author}
    place = ("security", "exceptions")
    if catalog.security.exceptions:
        return Edit((Add(place, granted),))
    return Edit((Put(place, (granted,)),))
