"""Administration of tenants and keys by people: every change waits until it is on disk.

What is read here is read from the database; what requests ask is in memory
(`llmaas.accounts.directory`).
"""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from llmaas.accounts import changes, rows
from llmaas.accounts.changes import By
from llmaas.accounts.directory import Directory
from llmaas.accounts.limits import NO_QUOTA, Quota
from llmaas.accounts.money import to_pico
from llmaas.accounts.store import Store, Transaction
from llmaas.accounts.tenant import (
    DEFAULT_TENANT,
    AccountsError,
    ApiKey,
    Credit,
    NewKey,
    Tenant,
    UnknownKeyError,
    UnknownTenantError,
    check_amount,
    check_quota,
)
from llmaas.accounts.token import new_token
from llmaas.bundle import TierPolicy

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DELIVERY_MS = HOUR_MS // 6
"""Longer than any delivery takes: a successor that is not with its owner by then never will be."""


class Administration:
    """Tenants and keys of one store. Every change is in the audit trail."""

    def __init__(self, store: Store, directory: Directory | None = None) -> None:
        """Use a store; it is not closed with this.

        Args:
            store: the database.
            directory: what requests of this process ask; it knows of a change at once.
        """
        self._store = store
        self._directory = directory

    def tenants(self) -> tuple[Tenant, ...]:
        """Every tenant with its balance as it is now, oldest first."""
        vault = self._store.vault
        found = self._store.read(lambda database: rows.tenants(database, vault))
        return tuple(sorted(found, key=lambda tenant: (tenant.created_ms, tenant.id)))

    def tenant(self, tenant_id: str) -> Tenant:
        """One tenant with its balance as it is now.

        Raises:
            UnknownTenantError: no tenant has this id.
        """
        vault = self._store.vault
        found = self._store.read(lambda database: rows.tenant(database, vault, tenant_id))
        if found is None:
            raise UnknownTenantError(tenant_id)
        return found

    def api_keys(self, tenant: str | None = None) -> tuple[ApiKey, ...]:
        """Every key, revoked ones included, oldest first; of one tenant, or of all."""
        vault = self._store.vault
        found = self._store.read(lambda database: rows.keys(database, vault, tenant))
        return tuple(sorted(found, key=lambda key: (key.created_ms, key.id)))

    def api_key(self, key_id: str, *, tenant: str | None = None) -> ApiKey:
        """One key; with `tenant`, only if it is that tenant's.

        Raises:
            UnknownKeyError: no key (of this tenant) has this id.
        """
        for key in self.api_keys(tenant):
            if key.id == key_id:
                return key
        raise UnknownKeyError(key_id)

    def create_tenant(
        self, tenant_id: str, name: str, tier: TierPolicy, quota: Quota | None = None, *, actor: str
    ) -> Tenant:
        """Make a tenant; what its tier asks for up front is credited.

        Raises:
            AccountsError: the id is taken, or the quota cannot be.
        """
        check_quota(quota or NO_QUOTA)
        by = self._by(actor)
        prepaid = tier.kind == "prepaid"
        tenant = Tenant(
            id=tenant_id,
            name=name,
            tier=tier.id,
            quota=quota or NO_QUOTA,
            prepaid=prepaid,
            credited_pico=0,
            spent_pico=0,
            delivery=None,
            created_ms=by.at_ms,
        )
        first = None
        if prepaid and tier.upfront_credit_eur is not None:
            first = self._credit_of(tenant_id, tier.upfront_credit_eur, f"tier {tier.id}")
        vault = self._store.vault
        self._write(lambda t: changes.create_tenant(t, vault, by, tenant, first))
        return self.tenant(tenant_id)

    def ensure_default_tenant(self) -> None:
        """Make the operator's own tenant where it is missing."""
        try:
            self.tenant(DEFAULT_TENANT)
        except UnknownTenantError:
            contract = TierPolicy("contract", "contract", None, None, None, None)
            with contextlib.suppress(AccountsError):  # another process made it meanwhile
                self.create_tenant(DEFAULT_TENANT, "Default", contract, actor="llmaas")

    def change_tenant(
        self,
        tenant_id: str,
        *,
        actor: str,
        tier: TierPolicy | None = None,
        quota: Quota | None = None,
        delivery: str | None = None,
    ) -> Tenant:
        """Change the terms of a tenant, or where its rotated keys are delivered.

        Raises:
            UnknownTenantError: no tenant has this id.
            AccountsError: the quota cannot be.
        """
        check_quota(quota or NO_QUOTA)

        def changed(before: Tenant) -> Tenant:
            return replace(
                before,
                tier=before.tier if tier is None else tier.id,
                prepaid=before.prepaid if tier is None else tier.kind == "prepaid",
                quota=before.quota if quota is None else quota,
                delivery=before.delivery if delivery is None else delivery,
            )

        by, vault = self._by(actor), self._store.vault
        self._write(lambda t: changes.change_tenant(t, vault, by, tenant_id, changed))
        return self.tenant(tenant_id)

    def close_tenant(self, tenant_id: str, *, actor: str) -> Tenant:
        """Stop every key of a tenant; what it owes and used stays known."""
        self.tenant(tenant_id)
        by = self._by(actor)
        self._write(lambda t: changes.close_tenant(t, by, tenant_id))
        return self.tenant(tenant_id)

    def credit(self, tenant_id: str, eur: Decimal, reference: str, *, actor: str) -> Credit:
        """Book money that a tenant paid in.

        Raises:
            UnknownTenantError: no tenant has this id.
            AccountsError: the amount cannot be booked.
        """
        self.tenant(tenant_id)
        check_amount(eur)
        by, paid = self._by(actor), self._credit_of(tenant_id, eur, reference)
        self._write(lambda t: changes.credit(t, by, paid))
        return paid

    def credits(self, tenant_id: str) -> tuple[Credit, ...]:
        """What a tenant paid in, oldest first."""
        return self._store.read(lambda database: rows.credits_of(database, tenant_id))

    def create_key(self, new: NewKey, *, actor: str) -> tuple[ApiKey, str]:
        """Make a key; the token beside it is shown nowhere else, ever.

        Raises:
            UnknownTenantError: no tenant has this id.
            AccountsError: its quota or its times cannot be.
        """
        new.check(self._store.clock_ms())
        if new.tenant == DEFAULT_TENANT:
            self.ensure_default_tenant()
        self.tenant(new.tenant)
        by, vault = self._by(actor), self._store.vault
        key, token, stored = self._new(new)
        self._write(lambda t: changes.create_key(t, vault, by, key, stored))
        return key, token

    def revoke(self, key_id: str, *, actor: str, tenant: str | None = None) -> ApiKey:
        """Stop a key for good; revoking it again changes nothing.

        Raises:
            UnknownKeyError: no key (of this tenant) has this id.
        """
        by, key = self._by(actor), self.api_key(key_id, tenant=tenant)
        self._write(lambda t: changes.revoke_key(t, by, key))
        return self.api_key(key_id, tenant=key.tenant)

    def rotate(
        self, key_id: str, *, actor: str, grace_ms: int | None = None, tenant: str | None = None
    ) -> tuple[ApiKey, str]:
        """Issue the successor of a key to whoever asks; the old one ends with its period of grace.

        Raises:
            UnknownKeyError: no key (of this tenant) has this id.
            AccountsError: it has a successor, or is not valid any more.
        """
        old = self.api_key(key_id, tenant=tenant)
        new, token = self.issue_successor(old, actor=actor)
        self.hand_over(old, new, actor=actor, grace_ms=grace_ms)
        return new, token

    def issue_successor(self, old: ApiKey, *, actor: str) -> tuple[ApiKey, str]:
        """Make the successor of a key, which goes on as before until `hand_over`.

        Raises:
            AccountsError: it has a successor, or is not valid any more.
        """
        by, vault = self._by(actor), self._store.vault
        if old.successor is not None:
            raise AccountsError(f"key {old.id} was rotated already; rotate {old.successor}")
        if not old.valid_at(by.at_ms):
            raise AccountsError(f"key {old.id} is not valid any more; make a new one")
        new, token, stored = self._new(
            NewKey(
                name=old.name,
                tenant=old.tenant,
                models=old.models,
                endpoints=old.endpoints,
                quota=old.quota,
                expires_ms=old.expires_ms,
                rotate_days=old.rotate_days,
                grace_hours=old.grace_hours,
            )
        )
        self._write(
            lambda t: changes.issue_successor(t, vault, by, old=old, new=new, secret_hash=stored)
        )
        return new, token

    def hand_over(
        self, old: ApiKey, new: ApiKey, *, actor: str, grace_ms: int | None = None
    ) -> None:
        """Note that its owner has the successor; the old key ends with its period of grace."""
        by = self._by(actor)
        ends = by.at_ms + (old.grace_hours * HOUR_MS if grace_ms is None else grace_ms)
        if old.expires_ms is not None:
            ends = min(ends, old.expires_ms)
        self._write(lambda t: changes.hand_over(t, by, old, new.id, ends))

    def undo_rotation(self, key_id: str, *, actor: str, reason: str) -> None:
        """Take a successor back that nobody received: it is revoked, and the old key goes on.

        Raises:
            AccountsError: the key has no successor, or its owner has it.
        """
        old = self.api_key(key_id)
        if old.successor is None or old.handed_over_ms is not None:
            raise AccountsError(f"key {key_id} has no successor that could be taken back")
        by = self._by(actor)
        self._write(lambda t: changes.undo_rotation(t, by, old, reason))

    def due_for_rotation(self) -> tuple[ApiKey, ...]:
        """Keys whose policy asks for a successor now."""
        now = self._store.clock_ms()
        return tuple(
            key
            for key in self.api_keys()
            if key.rotate_days is not None
            and key.successor is None
            and key.valid_at(now)
            and key.created_ms + key.rotate_days * DAY_MS <= now
        )

    def left_undelivered(self) -> tuple[ApiKey, ...]:
        """Keys whose successor is on its way for so long that its process must have died."""
        before = self._store.clock_ms() - DELIVERY_MS
        keys = {key.id: key for key in self.api_keys()}
        return tuple(
            key
            for key in keys.values()
            if key.successor is not None
            and key.handed_over_ms is None
            and keys[key.successor].created_ms <= before
        )

    def _new(self, new: NewKey) -> tuple[ApiKey, str, str]:
        token, key_id, secret = new_token()
        key = ApiKey(
            id=key_id,
            tenant=new.tenant,
            name=new.name,
            models=new.models,
            endpoints=new.endpoints,
            quota=new.quota,
            created_ms=self._store.clock_ms(),
            expires_ms=new.expires_ms,
            rotate_days=new.rotate_days,
            grace_hours=new.grace_hours,
        )
        return key, token, self._store.vault.hash_secret(secret)

    def _credit_of(self, tenant_id: str, eur: Decimal, reference: str) -> Credit:
        credit_id = secrets.token_hex(8)
        return Credit(credit_id, tenant_id, to_pico(eur), reference, self._store.clock_ms())

    def _by(self, actor: str) -> By:
        return By(actor, self._store.clock_ms())

    def _write(self, work: Callable[[Transaction], None]) -> None:
        """Do it, wait until it is on disk, and let requests know of it."""
        self._store.write(work)
        if self._directory is not None:
            self._directory.refresh()
