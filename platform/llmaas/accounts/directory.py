"""The directory of tenants and keys: administered by people, asked by every request.

What was read is kept in memory, and a counter in the database tells when somebody changed
something, in whichever process. On SQLite requests ask the counter, unless one of them has just
done so, and a revoked key stops in a blink. On PostgreSQL it is asked twice a second beside the
requests (`refresh`).
"""

import secrets
import time
from dataclasses import dataclass
from decimal import Decimal

from llmaas.accounts import rows
from llmaas.accounts.audit import Change
from llmaas.accounts.limits import NO_QUOTA, Quota
from llmaas.accounts.money import to_eur, to_pico
from llmaas.accounts.store import Store, Transaction
from llmaas.accounts.tenant import DEFAULT_TENANT, ApiKey, Credit, Tenant
from llmaas.accounts.token import new_token, split_token
from llmaas.bundle import TierPolicy

DAY_MS = 86_400_000
ASK_AGAIN_S = 0.05
"""How old what was read may be, when a request asks."""


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
class NewKey:
    """What a key may do."""

    name: str
    tenant: str = DEFAULT_TENANT
    models: frozenset[str] | None = None
    endpoints: frozenset[str] | None = None
    quota: Quota = NO_QUOTA
    expires_ms: int | None = None
    rotate_days: int | None = None


class Directory:
    """Tenants and keys of one store. Every change is in the audit trail."""

    def __init__(self, store: Store) -> None:
        """Use a store; it is not closed with the directory."""
        self._store = store
        self._version = -1
        self._asked = float("-inf")
        self._keys: dict[str, tuple[ApiKey, str]] = {}
        self._tenants: dict[str, Tenant] = {}

    # -- asked by requests

    def authenticate(self, token: str) -> ApiKey | None:
        """The key of a token; `None` when malformed, unknown, wrong, expired or revoked."""
        parts = split_token(token)
        if parts is None:
            return None
        if self._store.is_local and time.monotonic() - self._asked > ASK_AGAIN_S:
            self.refresh()
        key_id, secret = parts
        key, stored = self._keys.get(key_id, (None, ""))
        if not self._store.vault.matches(secret, stored) or key is None:
            return None
        tenant = self._tenants[key.tenant]
        valid = key.valid_at(self._store.clock_ms()) and tenant.closed_ms is None
        return key if valid else None

    def tenant(self, tenant_id: str) -> Tenant:
        """A tenant; its balance is as of the last change an administrator made.

        Raises:
            UnknownTenantError: no tenant has this id.
        """
        found = self._tenants.get(tenant_id)
        if found is None:
            self.refresh()
            found = self._tenants.get(tenant_id)
        if found is None:
            raise UnknownTenantError(tenant_id)
        return found

    def refresh(self) -> bool:
        """Read what has changed; returns whether something had."""
        self._asked = time.monotonic()
        version = self._store.accounts_version()
        if version == self._version:
            return False
        # The counter was asked first: a change in between is read now and once more later.
        vault = self._store.vault
        self._keys = self._store.read(lambda database: rows.keys_with_hashes(database, vault))
        self._tenants = {tenant.id: tenant for tenant in self.tenants()}
        self._version = version
        return True

    # -- administered by people; every method waits until its change is on disk

    def tenants(self) -> tuple[Tenant, ...]:
        """Every tenant with its balance as it is now, oldest first."""
        vault = self._store.vault
        found = self._store.read(lambda database: rows.tenants(database, vault))
        return tuple(sorted(found, key=lambda tenant: (tenant.created_ms, tenant.id)))

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
            AccountsError: the id is taken.
        """
        now = self._store.clock_ms()
        prepaid = tier.kind == "prepaid"
        sealed = self._store.vault.seal(name, f"tenant.name:{tenant_id}")
        values = (tenant_id, sealed, tier.id, rows.to_json(quota or NO_QUOTA), int(prepaid), now)

        def work(transaction: Transaction) -> None:
            database = transaction.database
            if database.execute("select 1 from tenant where id = ?", (tenant_id,)):
                raise AccountsError(f"there is a tenant {tenant_id!r} already; choose another id")
            database.execute(
                "insert into tenant (id, name_sealed, tier, quota, prepaid, credited_pico, "
                "spent_pico, created_ms) values (?, ?, ?, ?, ?, 0, 0, ?)",
                values,
            )
            self._note(transaction, actor, "tenant.create", tenant=tenant_id, tier=tier.id)
            if prepaid and tier.upfront_credit_eur is not None:
                rows.insert_credit(
                    transaction.database,
                    self._credit_of(tenant_id, tier.upfront_credit_eur, f"tier {tier.id}"),
                )

        self._store.write(work)
        self.refresh()
        return self.tenant(tenant_id)

    def ensure_default_tenant(self) -> None:
        """Make the operator's own tenant where it is missing."""
        try:
            self.tenant(DEFAULT_TENANT)
        except UnknownTenantError:
            contract = TierPolicy("contract", "contract", None, None, None, None)
            try:
                self.create_tenant(DEFAULT_TENANT, "Default", contract, actor="llmaas")
            except AccountsError:  # another process made it meanwhile
                self.refresh()

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
        """
        before = self.tenant(tenant_id)
        place = f"tenant.delivery:{tenant_id}"
        new_delivery = before.delivery if delivery is None else delivery
        sealed = new_delivery and self._store.vault.seal(new_delivery, place)
        new_tier = before.tier if tier is None else tier.id
        prepaid = before.prepaid if tier is None else tier.kind == "prepaid"
        terms = rows.to_json(before.quota if quota is None else quota)

        def work(transaction: Transaction) -> None:
            transaction.database.execute(
                "update tenant set tier = ?, prepaid = ?, quota = ?, delivery_sealed = ? "
                "where id = ?",
                (new_tier, int(prepaid), terms, sealed, tenant_id),
            )
            details = {"tier": new_tier, "quota": terms}
            self._note(transaction, actor, "tenant.change", tenant=tenant_id, **details)

        self._store.write(work)
        self.refresh()
        return self.tenant(tenant_id)

    def close_tenant(self, tenant_id: str, *, actor: str) -> Tenant:
        """Stop every key of a tenant; what it owes and used stays known."""
        self.tenant(tenant_id)
        now = self._store.clock_ms()

        def work(transaction: Transaction) -> None:
            transaction.database.execute(
                "update tenant set closed_ms = ? where id = ? and closed_ms is null",
                (now, tenant_id),
            )
            self._note(transaction, actor, "tenant.close", tenant=tenant_id)

        self._store.write(work)
        self.refresh()
        return self.tenant(tenant_id)

    def credit(self, tenant_id: str, eur: Decimal, reference: str, *, actor: str) -> Credit:
        """Book money that a tenant paid in.

        Raises:
            UnknownTenantError: no tenant has this id.
        """
        self.tenant(tenant_id)
        credit = self._credit_of(tenant_id, eur, reference)

        def work(transaction: Transaction) -> None:
            rows.insert_credit(transaction.database, credit)
            details = {"eur": str(to_eur(credit.amount_pico)), "reference": reference}
            self._note(transaction, actor, "tenant.credit", tenant=tenant_id, **details)

        self._store.write(work)
        self.refresh()
        return credit

    def credits(self, tenant_id: str) -> tuple[Credit, ...]:
        """What a tenant paid in, oldest first."""
        return self._store.read(lambda database: rows.credits_of(database, tenant_id))

    def create_key(self, new: NewKey, *, actor: str) -> tuple[ApiKey, str]:
        """Make a key; the token beside it is shown nowhere else, ever.

        Raises:
            UnknownTenantError: no tenant has this id.
        """
        if new.tenant == DEFAULT_TENANT:
            self.ensure_default_tenant()
        self.tenant(new.tenant)
        key, token, stored = self._new(new)

        def work(transaction: Transaction) -> None:
            rows.insert_key(transaction.database, self._store.vault, key, stored)
            self._note(transaction, actor, "key.create", tenant=key.tenant, key=key.id)

        self._store.write(work)
        self.refresh()
        return key, token

    def revoke(self, key_id: str, *, actor: str, tenant: str | None = None) -> ApiKey:
        """Stop a key for good; revoking it again changes nothing.

        Raises:
            UnknownKeyError: no key (of this tenant) has this id.
        """
        key = self.api_key(key_id, tenant=tenant)
        now = self._store.clock_ms()

        def work(transaction: Transaction) -> None:
            transaction.database.execute(
                "update api_key set revoked_ms = ? where id = ? and revoked_ms is null",
                (now, key_id),
            )
            self._note(transaction, actor, "key.revoke", tenant=key.tenant, key=key_id)

        self._store.write(work)
        self.refresh()
        return self.api_key(key_id)

    def rotate(
        self, key_id: str, *, grace_ms: int, actor: str, tenant: str | None = None
    ) -> tuple[ApiKey, str]:
        """Issue the successor of a key; both are valid until the grace period ends.

        Raises:
            UnknownKeyError: no key (of this tenant) has this id.
            AccountsError: it has a successor, or is not valid any more.
        """
        old = self.api_key(key_id, tenant=tenant)
        now = self._store.clock_ms()
        if old.successor is not None:
            raise AccountsError(f"key {key_id} was rotated already; rotate {old.successor}")
        if not old.valid_at(now):
            raise AccountsError(f"key {key_id} is not valid any more; make a new one")
        ends = now + grace_ms if old.expires_ms is None else min(old.expires_ms, now + grace_ms)
        new, token, stored = self._new(
            NewKey(
                name=old.name,
                tenant=old.tenant,
                models=old.models,
                endpoints=old.endpoints,
                quota=old.quota,
                expires_ms=None,
                rotate_days=old.rotate_days,
            )
        )

        def work(transaction: Transaction) -> None:
            ((successor,),) = transaction.database.execute(
                "select successor from api_key where id = ?", (key_id,)
            )
            if successor is not None:
                raise AccountsError(f"key {key_id} was rotated already; rotate {successor}")
            rows.insert_key(transaction.database, self._store.vault, new, stored)
            transaction.database.execute(
                "update api_key set successor = ?, expires_ms = ? where id = ?",
                (new.id, ends, key_id),
            )
            details = {"successor": new.id}
            self._note(transaction, actor, "key.rotate", tenant=old.tenant, key=key_id, **details)

        self._store.write(work)
        self.refresh()
        return new, token

    def undo_rotation(self, key_id: str, *, actor: str, reason: str) -> None:
        """Take a successor back that nobody received: it is revoked, and the old key goes on.

        Raises:
            AccountsError: the key has no successor.
        """
        old = self.api_key(key_id)
        if old.successor is None:
            raise AccountsError(f"key {key_id} was not rotated")
        now = self._store.clock_ms()

        def work(transaction: Transaction) -> None:
            execute = transaction.database.execute
            execute("update api_key set revoked_ms = ? where id = ?", (now, old.successor))
            execute(
                "update api_key set successor = null, expires_ms = null where id = ?", (key_id,)
            )
            details = {"successor": str(old.successor), "reason": reason}
            self._note(
                transaction, actor, "key.rotation_undone", tenant=old.tenant, key=key_id, **details
            )

        self._store.write(work)
        self.refresh()

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
        )
        return key, token, self._store.vault.hash_secret(secret)

    def _credit_of(self, tenant_id: str, eur: Decimal, reference: str) -> Credit:
        credit_id = secrets.token_hex(8)
        return Credit(credit_id, tenant_id, to_pico(eur), reference, self._store.clock_ms())

    def _note(
        self,
        transaction: Transaction,
        actor: str,
        action: str,
        *,
        tenant: str,
        key: str | None = None,
        **details: str,
    ) -> None:
        """Put a change in the audit trail, and let every process know of it."""
        transaction.records.append(
            Change(
                at_ms=self._store.clock_ms(),
                actor=actor,
                action=action,
                tenant=tenant,
                key=key,
                details=details,
            )
        )
        transaction.database.execute("update counter set value = value + 1 where name = 'accounts'")
