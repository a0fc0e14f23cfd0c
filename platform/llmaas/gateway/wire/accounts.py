"""Tenants and keys, as the administration API has them. Amounts of money are decimal strings."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from llmaas.accounts import GRACE_HOURS, Quota

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="Safe in logs.")]


class TenantRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A tenant to be made."""

    id: Id
    name: Name
    tier: Name
    quota: Annotated[Quota, Meta(description="Terms of its own; they win over the tier.")] = Quota()


class CreditRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Money that a tenant paid in."""

    tenant: Id
    eur: Decimal
    reference: Name


class KeyRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key to be made. What is absent is without limit."""

    name: Name
    tenant: Id = "default"
    models: list[str] | None = None
    endpoints: list[str] | None = None
    quota: Quota = Quota()
    expires_at: datetime | None = None
    rotate_days: Annotated[int, Meta(ge=1)] | None = None
    grace_hours: Annotated[int, Meta(ge=0, le=8784)] = GRACE_HOURS


class RotationRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key that gets a successor."""

    key: str
    grace_hours: Annotated[float, Meta(ge=0, le=8784)] | None = None
    """How long the old key stays valid; the key's own grace where absent."""


class RevocationRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key that is stopped for good."""

    key: str


class TenantObject(msgspec.Struct, kw_only=True):
    """A tenant."""

    object: Literal["tenant"] = "tenant"
    id: str
    name: str
    tier: str
    prepaid: bool
    credited_eur: str
    spent_eur: str
    quota: Quota
    created_at: datetime
    closed_at: datetime | None


class TenantList(msgspec.Struct, kw_only=True):
    """All tenants, oldest first."""

    object: Literal["list"] = "list"
    data: list[TenantObject]


class KeyObject(msgspec.Struct, kw_only=True):
    """A key without its secret."""

    object: Literal["key"] = "key"
    id: str
    name: str
    tenant: str
    models: list[str] | None
    endpoints: list[str] | None
    quota: Quota
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rotate_days: int | None
    grace_hours: int
    successor: str | None


class KeyList(msgspec.Struct, kw_only=True):
    """All keys, oldest first."""

    object: Literal["list"] = "list"
    data: list[KeyObject]


class IssuedKey(msgspec.Struct, kw_only=True):
    """A new key with its secret, which is shown nowhere else."""

    object: Literal["issued_key"] = "issued_key"
    key: KeyObject
    secret: str
    replaces: str | None = None
