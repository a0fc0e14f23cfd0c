"""What administrators change, each inside a transaction and with its line in the audit trail.

The administration checks what was asked and calls these; nothing else writes tenants, keys or
credits.
"""

from collections.abc import Callable
from dataclasses import dataclass

from llmaas.accounts import rows
from llmaas.accounts.audit import Change
from llmaas.accounts.money import to_eur
from llmaas.accounts.store import Transaction
from llmaas.accounts.tenant import AccountsError, ApiKey, Credit, Tenant, UnknownTenantError
from llmaas.accounts.vault import Vault


@dataclass(frozen=True)
class By:
    """Who changes something, and when."""

    actor: str
    at_ms: int


def create_tenant(
    transaction: Transaction, vault: Vault, by: By, tenant: Tenant, first: Credit | None
) -> None:
    """Add a tenant, with what its tier asks for up front.

    Raises:
        AccountsError: the id is taken.
    """
    database = transaction.database
    if database.execute("select 1 from tenant where id = ?", (tenant.id,)):
        raise AccountsError(f"there is a tenant {tenant.id!r} already; choose another id")
    sealed = vault.seal(tenant.name, f"tenant.name:{tenant.id}")
    terms = rows.to_json(tenant.quota)
    database.execute(
        "insert into tenant (id, name_sealed, tier, quota, prepaid, credited_pico, "
        "spent_pico, created_ms) values (?, ?, ?, ?, ?, 0, 0, ?)",
        (tenant.id, sealed, tenant.tier, terms, int(tenant.prepaid), tenant.created_ms),
    )
    _note(transaction, by, "tenant.create", tenant=tenant.id, tier=tenant.tier)
    if first is not None:
        rows.insert_credit(database, first)


def change_tenant(
    transaction: Transaction,
    vault: Vault,
    by: By,
    tenant_id: str,
    changed: Callable[[Tenant], Tenant],
) -> None:
    """Change the terms of a tenant and where its rotated keys are delivered.

    What it is now is read here, so that of two administrators neither undoes the other's change.

    Raises:
        UnknownTenantError: no tenant has this id.
    """
    before = rows.tenant(transaction.database, vault, tenant_id)
    if before is None:
        raise UnknownTenantError(tenant_id)
    tenant = changed(before)
    place = f"tenant.delivery:{tenant.id}"
    sealed = tenant.delivery and vault.seal(tenant.delivery, place)
    terms = rows.to_json(tenant.quota)
    transaction.database.execute(
        "update tenant set tier = ?, prepaid = ?, quota = ?, delivery_sealed = ? where id = ?",
        (tenant.tier, int(tenant.prepaid), terms, sealed, tenant.id),
    )
    _note(transaction, by, "tenant.change", tenant=tenant.id, tier=tenant.tier, quota=terms)


def close_tenant(transaction: Transaction, by: By, tenant_id: str) -> None:
    """Stop every key of a tenant."""
    transaction.database.execute(
        "update tenant set closed_ms = ? where id = ? and closed_ms is null", (by.at_ms, tenant_id)
    )
    _note(transaction, by, "tenant.close", tenant=tenant_id)


def credit(transaction: Transaction, by: By, paid: Credit) -> None:
    """Book money that a tenant paid in."""
    rows.insert_credit(transaction.database, paid)
    details = {"eur": str(to_eur(paid.amount_pico)), "reference": paid.reference}
    _note(transaction, by, "tenant.credit", tenant=paid.tenant, **details)


def create_key(
    transaction: Transaction, vault: Vault, by: By, key: ApiKey, secret_hash: str
) -> None:
    """Add a key."""
    rows.insert_key(transaction.database, vault, key, secret_hash)
    _note(transaction, by, "key.create", tenant=key.tenant, key=key.id)


def revoke_key(transaction: Transaction, by: By, key: ApiKey) -> None:
    """Stop a key for good."""
    transaction.database.execute(
        "update api_key set revoked_ms = ? where id = ? and tenant = ? and revoked_ms is null",
        (by.at_ms, key.id, key.tenant),
    )
    _note(transaction, by, "key.revoke", tenant=key.tenant, key=key.id)


def issue_successor(
    transaction: Transaction, vault: Vault, by: By, *, old: ApiKey, new: ApiKey, secret_hash: str
) -> None:
    """Add the successor of a key, which goes on as before until its owner has the new one.

    Raises:
        AccountsError: it has a successor.
    """
    database = transaction.database
    ((successor,),) = database.execute(
        "select successor from api_key where id = ? and tenant = ?", (old.id, old.tenant)
    )
    if successor is not None:
        raise AccountsError(f"key {old.id} was rotated already; rotate {successor}")
    rows.insert_key(database, vault, new, secret_hash)
    database.execute(
        "update api_key set successor = ? where id = ? and tenant = ?", (new.id, old.id, old.tenant)
    )
    _note(transaction, by, "key.rotate", tenant=old.tenant, key=old.id, successor=new.id)


def hand_over(transaction: Transaction, by: By, old: ApiKey, successor: str, ends_ms: int) -> None:
    """Note that its owner has the successor: from now on the old key is in its period of grace."""
    transaction.database.execute(
        "update api_key set handed_over_ms = ?, expires_ms = ? "
        "where id = ? and tenant = ? and successor = ?",
        (by.at_ms, ends_ms, old.id, old.tenant, successor),
    )
    details = {"successor": successor, "ends_ms": str(ends_ms)}
    _note(transaction, by, "key.hand_over", tenant=old.tenant, key=old.id, **details)


def undo_rotation(transaction: Transaction, by: By, old: ApiKey, reason: str) -> None:
    """Take a successor back that nobody received."""
    execute = transaction.database.execute
    execute(
        "update api_key set revoked_ms = ? where id = ? and tenant = ?",
        (by.at_ms, old.successor, old.tenant),
    )
    execute("update api_key set successor = null where id = ? and tenant = ?", (old.id, old.tenant))
    details = {"successor": str(old.successor), "reason": reason}
    _note(transaction, by, "key.rotation_undone", tenant=old.tenant, key=old.id, **details)


def _note(
    transaction: Transaction,
    by: By,
    action: str,
    *,
    tenant: str,
    key: str | None = None,
    **details: str,
) -> None:
    """Put a change in the audit trail, and let every process know of it."""
    transaction.records.append(
        Change(
            at_ms=by.at_ms,
            actor=by.actor,
            action=action,
            tenant=tenant,
            key=key,
            details=details,
        )
    )
    transaction.database.execute("update counter set value = value + 1 where name = 'accounts'")
