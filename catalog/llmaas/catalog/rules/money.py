"""Prices and tiers are complete, and their limits can be reached."""

from collections.abc import Iterator
from itertools import pairwise

from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog, Price, Prices, Tier
from llmaas.catalog.rules.finding import Finding

HOURS_PER_DAY = 24
TERMS = (
    "upfront_credit_eur",
    "monthly_cap_eur",
    "output_tokens_per_hour",
    "output_tokens_per_day",
)
"""The keys of a tier that a prepaid one needs and a contract leaves to its text."""


def price_steps_ascend(catalog: Catalog) -> Iterator[Finding]:
    """One amount is in force at any time."""
    for name in Prices.model_fields:
        price: Price = getattr(catalog.prices, name)
        for index, (before, after) in enumerate(pairwise(price.steps)):
            if after.effective_on <= before.effective_on:
                yield Finding(
                    ("prices", name, "steps", index + 1, "effective_on"),
                    "price-steps-out-of-order",
                    f"the step of {after.effective_on} does not come after {before.effective_on}",
                    "list the steps oldest first, with one amount for each date",
                )


def prices_have_their_unit(catalog: Catalog) -> Iterator[Finding]:
    """Tokens are billed by the million, audio by the started minute."""
    for name in Prices.model_fields:
        expected = "started_minute" if name == "audio" else "million_tokens"
        price: Price = getattr(catalog.prices, name)
        if price.unit != expected:
            yield Finding(
                ("prices", name, "unit"),
                "price-unit",
                f"`{name}` is billed per {expected.replace('_', ' ')}",
                f"write `unit: {expected}`",
            )


def tiers_fit_their_kind(catalog: Catalog) -> Iterator[Finding]:
    """A prepaid tier states all its terms, a contract tier none."""
    for index, tier in enumerate(catalog.tiers):
        loc: Loc = ("tiers", index)
        given = [term for term in TERMS if getattr(tier, term) is not None]
        absent = [f"`{term}`" for term in TERMS if term not in given]
        if tier.kind == "prepaid" and absent:
            yield Finding(
                loc,
                "incomplete-prepaid-tier",
                f"the prepaid tier `{tier.id}` lacks {', '.join(absent)}",
                "add what is missing, or make its kind `contract`",
            )
        if tier.kind == "contract":
            for term in given:
                yield Finding(
                    (*loc, term),
                    "limited-contract-tier",
                    f"the contract tier `{tier.id}` has `{term}`, which each contract sets",
                    "remove it, or make its kind `prepaid`",
                )


def limits_bind(catalog: Catalog) -> Iterator[Finding]:
    """A daily limit that 24 full hours do not reach is a promise about nothing."""
    for index, tier in enumerate(catalog.tiers):
        if _never_binds(tier):
            yield Finding(
                ("tiers", index, "output_tokens_per_day"),
                "limit-never-binds",
                f"tier `{tier.id}`: the hourly limit allows no more than "
                f"{HOURS_PER_DAY * (tier.output_tokens_per_hour or 0)} tokens per day, "
                f"so {tier.output_tokens_per_day} per day never binds",
                f"lower it below {HOURS_PER_DAY} times the hourly limit, or leave it if it is "
                "published so",
            )


def _never_binds(tier: Tier) -> bool:
    hourly, daily = tier.output_tokens_per_hour, tier.output_tokens_per_day
    return hourly is not None and daily is not None and daily >= HOURS_PER_DAY * hourly
