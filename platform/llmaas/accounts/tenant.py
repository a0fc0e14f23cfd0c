"""Who may call: tenants and their keys, as everyone may see them."""

from dataclasses import dataclass
from decimal import Decimal

from llmaas.accounts.limits import NO_QUOTA, Quota

DEFAULT_TENANT = "default"
"""The operator's own, on a contract without limits; `llmaas up` makes its local key there."""
GRACE_HOURS = 168
"""How long a key stays valid beside its successor, unless it says otherwise."""
MOST_EUR = Decimal(1_000_000)
"""In one payment or cap; a column holds nine million."""
MOST_DAYS = 36_500
"""A century: what is meant to last longer has no end."""


class UnknownKeyError(KeyError):
    """No key has this id."""

    def __str__(self) -> str:
        return f"no API key has the id {self.args[0]!r}; `llmaas keys list` shows those there are"


class UnknownTenantError(KeyError):
    """No tenant has this id."""

    def __str__(self) -> str:
        return f"no tenant has the id {self.args[0]!r}; `llmaas tenants list` shows those there are"


class AccountsError(ValueError):
    """An administrator asked for something that cannot be; the message says what to do."""


def check_amount(eur: Decimal) -> None:
    """Refuse what cannot be booked exactly.

    Raises:
        AccountsError: it is no number, too large, or finer than a millionth of a euro.
    """
    # Compared first: what is beyond every limit cannot be rounded either.
    if not eur.is_finite() or abs(eur) > MOST_EUR or eur != round(eur, 6):
        raise AccountsError(
            f"{eur} is no amount in euros: write it like 12.50, with six decimals at most "
            f"and no more than {MOST_EUR}"
        )


def check_quota(quota: Quota) -> None:
    """Refuse limits that nothing could be measured by.

    Raises:
        AccountsError: one is negative, or its amount cannot be booked.
    """
    counts = (
        quota.requests_per_minute,
        quota.output_tokens_per_hour,
        quota.output_tokens_per_day,
    )
    if any(count is not None and count < 0 for count in counts):
        raise AccountsError("a limit cannot be below 0; leave it out where there is none")
    if quota.monthly_cap_eur is not None:
        check_amount(quota.monthly_cap_eur)


@dataclass(frozen=True)
class Tenant:
    """One customer organisation."""

    id: str
    name: str
    tier: str
    quota: Quota
    """Terms of its own; what is set wins over the tier."""
    prepaid: bool
    """Whether usage draws on credit that was paid in."""
    credited_pico: int
    spent_pico: int
    delivery: str | None
    """Where rotated keys are delivered."""
    created_ms: int
    closed_ms: int | None = None

    @property
    def balance_pico(self) -> int:
        """Credit that is left."""
        return self.credited_pico - self.spent_pico


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret."""

    id: str
    tenant: str
    name: str
    models: frozenset[str] | None
    """Ids of the models it may call; `None` is all of them."""
    endpoints: frozenset[str] | None
    """Operations it may use, such as `chat.completions`; `None` is all of them."""
    quota: Quota
    """Limits of its own, below the tenant's."""
    created_ms: int
    expires_ms: int | None = None
    revoked_ms: int | None = None
    rotate_days: int | None = None
    """Days after which its successor is issued by itself."""
    grace_hours: int = GRACE_HOURS
    """How long it stays valid beside its successor."""
    successor: str | None = None
    """The key that replaces it."""
    handed_over_ms: int | None = None
    """When the successor was with its owner; until then this key goes on as before."""

    def may_call(self, model: str) -> bool:
        """Whether its scope includes a model id."""
        return self.models is None or model in self.models

    def may_use(self, endpoint: str) -> bool:
        """Whether its scope includes an operation."""
        return self.endpoints is None or endpoint in self.endpoints

    def valid_at(self, now_ms: int) -> bool:
        """Whether it opens anything at a moment."""
        expired = self.expires_ms is not None and self.expires_ms <= now_ms
        return self.revoked_ms is None and not expired


@dataclass(frozen=True)
class NewKey:
    """What a key may do."""

    name: str
    tenant: str = DEFAULT_TENANT
    models: frozenset[str] | None = None
    endpoints: frozenset[str] | None = None
    quota: Quota = NO_QUOTA
    expires_ms: int | None = None
    rotate_days: int | None = None
    grace_hours: int = GRACE_HOURS

    def check(self, now_ms: int) -> None:
        """Refuse a name that says nothing, and a quota or a time that cannot be.

        Raises:
            AccountsError: it cannot.
        """
        if not self.name.strip():
            raise AccountsError("a key has a name, by which lists and bills tell it from others")
        check_quota(self.quota)
        days = (
            self.rotate_days or 0,
            self.grace_hours // 24,
            ((self.expires_ms or now_ms) - now_ms) // 86_400_000,
        )
        if max(days) > MOST_DAYS:
            raise AccountsError(f"a key is planned for {MOST_DAYS} days at most")


@dataclass(frozen=True)
class Credit:
    """Money that a tenant paid in."""

    id: str
    tenant: str
    amount_pico: int
    reference: str
    at_ms: int
