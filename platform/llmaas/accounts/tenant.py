"""Who may call: tenants and their keys, as everyone may see them."""

from dataclasses import dataclass

from llmaas.accounts.limits import NO_QUOTA, Quota

DEFAULT_TENANT = "default"
"""The operator's own, on a contract without limits; `llmaas up` makes its local key there."""
GRACE_HOURS = 168
"""How long a key stays valid beside its successor, unless it says otherwise."""


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


@dataclass(frozen=True)
class Credit:
    """Money that a tenant paid in."""

    id: str
    tenant: str
    amount_pico: int
    reference: str
    at_ms: int
