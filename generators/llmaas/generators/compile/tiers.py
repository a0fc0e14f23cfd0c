"""The tier table: what a customer pays up front and may use."""

from decimal import Decimal

from llmaas.bundle import TierPolicy
from llmaas.catalog.model import Tier
from llmaas.generators.compile.canonical import canonical_decimal


def compile_tiers(tiers: tuple[Tier, ...]) -> tuple[TierPolicy, ...]:
    """One policy per tier. An absent limit stays absent: it is without limit, not zero."""
    return tuple(
        TierPolicy(
            id=tier.id,
            kind=tier.kind,
            upfront_credit_eur=_amount(tier.upfront_credit_eur),
            monthly_cap_eur=_amount(tier.monthly_cap_eur),
            output_tokens_per_hour=tier.output_tokens_per_hour,
            output_tokens_per_day=tier.output_tokens_per_day,
        )
        for tier in sorted(tiers, key=lambda t: t.id)
    )


def _amount(eur: Decimal | None) -> Decimal | None:
    return None if eur is None else canonical_decimal(eur)
