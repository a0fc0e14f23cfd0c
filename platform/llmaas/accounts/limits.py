"""What an account may use, and what it is told when it may not."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import msgspec

from llmaas.accounts.money import to_pico
from llmaas.bundle import TierPolicy

HOUR_S = 3600
DAY_S = 86_400
MINUTE_S = 60


class Quota(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Limits as people set them, for a contract or for one key; absent is without limit."""

    requests_per_minute: int | None = None
    output_tokens_per_hour: int | None = None
    output_tokens_per_day: int | None = None
    monthly_cap_eur: Decimal | None = None


NO_QUOTA = Quota()


@dataclass(frozen=True)
class Limits:
    """Limits as they are enforced; `None` is without limit."""

    requests_per_minute: int | None = None
    output_tokens_per_hour: int | None = None
    output_tokens_per_day: int | None = None
    monthly_cap_pico: int | None = None
    credit_pico: int | None = None
    """Everything that was ever paid in; `None` where nothing is paid up front."""


def limits_of(quota: Quota, *, credit_pico: int | None = None) -> Limits:
    """The limits of a quota, with the credit where usage draws on one."""
    cap = quota.monthly_cap_eur
    return Limits(
        requests_per_minute=quota.requests_per_minute,
        output_tokens_per_hour=quota.output_tokens_per_hour,
        output_tokens_per_day=quota.output_tokens_per_day,
        monthly_cap_pico=None if cap is None else to_pico(cap),
        credit_pico=credit_pico,
    )


def quota_of_tier(tier: TierPolicy) -> Quota:
    """The limits a tier sells."""
    return Quota(
        output_tokens_per_hour=tier.output_tokens_per_hour,
        output_tokens_per_day=tier.output_tokens_per_day,
        monthly_cap_eur=tier.monthly_cap_eur,
    )


def with_terms(base: Quota, terms: Quota) -> Quota:
    """A quota in which what `terms` set wins."""
    names = (field.name for field in msgspec.structs.fields(Quota))
    set_terms = {name: value for name in names if (value := getattr(terms, name)) is not None}
    return msgspec.structs.replace(base, **set_terms)


class Limit(StrEnum):
    """A limit that can be reached."""

    REQUESTS_PER_MINUTE = "requests_per_minute"
    OUTPUT_TOKENS_PER_HOUR = "output_tokens_per_hour"
    OUTPUT_TOKENS_PER_DAY = "output_tokens_per_day"
    MONTHLY_CAP = "monthly_cap"
    CREDIT = "credit"

    @property
    def of_money(self) -> bool:
        """Whether waiting a little does not help."""
        return self in {Limit.MONTHLY_CAP, Limit.CREDIT}


class Level(StrEnum):
    """Whose limit it is."""

    TENANT = "tenant"
    KEY = "key"


@dataclass(frozen=True)
class Refusal:
    """Why a request cannot be admitted now."""

    level: Level
    limit: Limit
    allowed: int
    """The limit: requests, tokens or picoeuro."""
    used: int
    """What is used of it, running requests at their worst case included."""
    asked: int
    """What the request could use."""
    retry_after_s: int | None
    """When it may fit; `None` when it never will unless something else changes."""
    in_flight: bool = False
    """Whether only running requests stand in the way."""

    @property
    def of_quota(self) -> bool:
        """Whether money has run out, which waiting a little does not change."""
        return self.limit.of_money and not self.in_flight


class Remaining(msgspec.Struct, frozen=True):
    """What is left of the tightest limit of one kind, for headers."""

    limit: int
    remaining: int
    reset_s: int
    """Seconds until it is whole again, if nothing else is used."""
