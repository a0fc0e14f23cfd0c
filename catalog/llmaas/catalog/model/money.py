"""What usage costs, and what customers can buy."""

from typing import Literal

from pydantic import Field

from llmaas.bundle.tables import PriceUnit, TierKind
from llmaas.catalog.model.values import Count, Day, Eur, Key, Record


class PriceStep(Record):
    """An amount and the day from which it is billed."""

    effective_on: Day = Field(description="First day on which it is billed.")
    eur: Eur = Field(description="Amount in euros for one unit, before tax.")


class Price(Record):
    """What one unit costs, before tax."""

    unit: PriceUnit = Field(description="What is counted.")
    rounding: Literal["exact", "up"] = Field(
        description="`exact`: to the token. `up`: every started unit is due in full."
    )
    steps: tuple[PriceStep, ...] = Field(min_length=1, description="Oldest first.")


class Prices(Record):
    """The price list. Each token is billed in exactly one of these classes."""

    input: Price = Field(description="Tokens of the request.")
    output: Price = Field(description="Output tokens that are not reasoning.")
    reasoning_output: Price = Field(description="Output tokens between the reasoning markers.")
    audio: Price = Field(description="Audio that is transcribed.")


class Tier(Record):
    """What a customer pays up front and may use."""

    id: Key = Field(description="Name of the tier.")
    kind: TierKind = Field(
        description="`prepaid`: all terms are here. `contract`: each contract sets them."
    )
    audience: Key = Field(description="Whom it is meant for; a key of the translated texts.")
    upfront_credit_eur: Eur | None = Field(default=None, description="Prepaid balance to activate.")
    monthly_cap_eur: Eur | None = Field(
        default=None, description="Spending per calendar month beyond which requests are refused."
    )
    output_tokens_per_hour: Count | None = Field(
        default=None, description="Output tokens in any hour."
    )
    output_tokens_per_day: Count | None = Field(
        default=None, description="Output tokens in any day."
    )
