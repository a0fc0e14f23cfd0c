"""Who may call: tenants and their keys, as everyone may see them."""

from dataclasses import dataclass

from llmaas.accounts.limits import Quota

DEFAULT_TENANT = "default"
"""The operator's own, on a contract without limits; `llmaas up` makes its local key there."""


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
    successor: str | None = None
    """The key that replaces it."""

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
class Credit:
    """Money that a tenant paid in."""

    id: str
    tenant: str
    amount_pico: int
    reference: str
    at_ms: int
