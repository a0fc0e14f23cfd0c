"""Who may call, how much, and what it costs: tenants, keys, limits, ledger and audit trail."""

from llmaas.accounts.accounts import Accounts
from llmaas.accounts.administration import Administration
from llmaas.accounts.audit import Access, AuditRecord, Change
from llmaas.accounts.database import DatabaseError
from llmaas.accounts.directory import Directory
from llmaas.accounts.ledger import LedgerEntry
from llmaas.accounts.limiter import LimiterUnavailableError
from llmaas.accounts.limits import Level, Limit, Quota, Refusal, Remaining
from llmaas.accounts.meter import Admission, LimitReachedError, Meter, Metered, TierUnknownError
from llmaas.accounts.money import to_cents, to_eur, to_pico
from llmaas.accounts.prices import Usage
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import (
    DEFAULT_TENANT,
    GRACE_HOURS,
    AccountsError,
    ApiKey,
    NewKey,
    Tenant,
    UnknownKeyError,
    UnknownTenantError,
)
from llmaas.accounts.vault import VaultError

__all__ = [
    "DEFAULT_TENANT",
    "GRACE_HOURS",
    "Access",
    "Accounts",
    "AccountsError",
    "Administration",
    "Admission",
    "ApiKey",
    "AuditRecord",
    "Change",
    "DatabaseError",
    "Directory",
    "LedgerEntry",
    "Level",
    "Limit",
    "LimitReachedError",
    "LimiterUnavailableError",
    "Meter",
    "Metered",
    "NewKey",
    "Quota",
    "Refusal",
    "Remaining",
    "Store",
    "Tenant",
    "TierUnknownError",
    "UnknownKeyError",
    "UnknownTenantError",
    "Usage",
    "VaultError",
    "to_cents",
    "to_eur",
    "to_pico",
]
