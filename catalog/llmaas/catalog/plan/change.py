"""A change as a maintainer must see it: what, for whom, and whether a promise stands against it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Literal

from llmaas.catalog.plan.difference import Delta
from llmaas.catalog.plan.tree import Path

Group = Literal["everyone", "model", "price", "tier", "documentation", "operations"]


class Effect(IntEnum):
    """How grave a change is for those it concerns, in ascending order."""

    COMPATIBLE = 0
    NOTICE_NEEDED = 1
    BREAKING = 2

    @property
    def label(self) -> str:
        """As it is printed: `notice needed`."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Audience:
    """Who is affected; `name` is the model, price class or tier."""

    group: Group
    name: str | None = None

    @property
    def title(self) -> str:
        """As a heading."""
        return {
            "everyone": "Every customer",
            "model": f"Callers of {self.name}",
            "price": f"Customers billed for {(self.name or '').replace('_', ' ')}",
            "tier": f"Customers of {self.name}",
            "documentation": "Readers of the documentation",
            "operations": "Operators",
        }[self.group]


@dataclass(frozen=True)
class Judgement:
    """The class of a change and the sentence that says it; `rule` is set where it breaks one."""

    effect: Effect
    message: str
    rule: str | None = None
    help: str | None = None


@dataclass(frozen=True)
class Change:
    """A difference with its judgement."""

    delta: Delta
    audience: Audience
    judgement: Judgement

    @property
    def path(self) -> Path:
        """Where it is in the catalogue, by names."""
        return self.delta.path

    @property
    def effect(self) -> Effect:
        """Its class."""
        return self.judgement.effect


@dataclass(frozen=True)
class PriceEffect:
    """What a price change would have made of last month's bill, all customers together.

    Attributes:
        quantity: units of last month (tokens, or started minutes).
    """

    price: str
    effective_on: date
    quantity: Decimal
    eur_before: Decimal
    eur_after: Decimal

    @property
    def eur_difference(self) -> Decimal:
        """More (or, negative, less) to pay."""
        return self.eur_after - self.eur_before


@dataclass(frozen=True)
class PageChanges:
    """Pages of the documentation in one language that would read otherwise."""

    language: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What a new catalogue does to those who live with the old one.

    Attributes:
        today: the day by which dates were judged.
        changes: grouped by who is affected.
        prices: their effect on last month's bill, where a ledger was given.
        usage: last month's tokens or minutes by model, where a ledger was given.
        pages: by language, where the pages of both could be rendered.
        not_compared: what the other side does not tell.
    """

    today: date
    changes: tuple[Change, ...]
    prices: tuple[PriceEffect, ...] = ()
    usage: tuple[tuple[str, Decimal], ...] = ()
    pages: tuple[PageChanges, ...] = ()
    not_compared: tuple[str, ...] = ()

    @property
    def effect(self) -> Effect:
        """The gravest class of all changes."""
        return max((change.effect for change in self.changes), default=Effect.COMPATIBLE)
