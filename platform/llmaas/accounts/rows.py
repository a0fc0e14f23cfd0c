"""Tenants, keys and credits as rows of the database, and back."""

import msgspec

from llmaas.accounts.database import Database, Row
from llmaas.accounts.limits import Quota
from llmaas.accounts.money import MOST_PICO
from llmaas.accounts.tenant import AccountsError, ApiKey, Credit, Tenant
from llmaas.accounts.vault import Vault

_KEY_COLUMNS = (
    "id, tenant, name_sealed, secret_hash, models, endpoints, quota, created_ms, expires_ms, "
    "revoked_ms, rotate_days, grace_hours, successor, handed_over_ms"
)
_TENANT_COLUMNS = (
    "id, name_sealed, tier, quota, prepaid, credited_pico, spent_pico, delivery_sealed, "
    "created_ms, closed_ms"
)


def tenants(database: Database, vault: Vault) -> list[Tenant]:
    """Every tenant."""
    found = database.execute(f"select {_TENANT_COLUMNS} from tenant")  # noqa: S608 - names above
    return [_tenant(vault, row) for row in found]


def tenant(database: Database, vault: Vault, tenant_id: str) -> Tenant | None:
    """One tenant."""
    found = database.execute(
        f"select {_TENANT_COLUMNS} from tenant where id = ?",  # noqa: S608 - names above
        (tenant_id,),
    )
    return _tenant(vault, found[0]) if found else None


def keys(database: Database, vault: Vault, tenant: str | None = None) -> list[ApiKey]:
    """Every key, or those of one tenant."""
    where, parameters = ("", ()) if tenant is None else (" where tenant = ?", (tenant,))
    found = database.execute(f"select {_KEY_COLUMNS} from api_key{where}", parameters)  # noqa: S608
    return [_key(vault, row) for row in found]


def keys_with_hashes(database: Database, vault: Vault) -> dict[str, tuple[ApiKey, str]]:
    """Every key by its id, with the hash of its secret."""
    found = database.execute(f"select {_KEY_COLUMNS} from api_key")  # noqa: S608 - names above
    return {str(row[0]): (_key(vault, row), str(row[3])) for row in found}


def credits_of(database: Database, tenant: str) -> tuple[Credit, ...]:
    """What a tenant paid in, oldest first."""
    found = database.execute(
        "select id, tenant, amount_pico, reference, at_ms from credit "
        "where tenant = ? order by at_ms, id",
        (tenant,),
    )
    return tuple(Credit(*row) for row in found)


def insert_key(database: Database, vault: Vault, key: ApiKey, secret_hash: str) -> None:
    """Add a key, inside a transaction."""
    database.execute(
        f"insert into api_key ({_KEY_COLUMNS}) "  # noqa: S608 - names above
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, null, ?, ?, null, null)",
        (
            key.id,
            key.tenant,
            vault.seal(key.name, f"api_key.name:{key.id}"),
            secret_hash,
            _scope_to_json(key.models),
            _scope_to_json(key.endpoints),
            to_json(key.quota),
            key.created_ms,
            key.expires_ms,
            key.rotate_days,
            key.grace_hours,
        ),
    )


def insert_credit(database: Database, credit: Credit) -> None:
    """Add a payment and what it adds to the tenant's account, inside a transaction.

    Raises:
        AccountsError: the account cannot hold more. SQLite would go on with an inexact number.
    """
    for (credited,) in database.execute(
        "select credited_pico from tenant where id = ?", (credit.tenant,)
    ):
        if abs(credited + credit.amount_pico) > MOST_PICO:
            raise AccountsError(f"tenant {credit.tenant} has paid in more than can be counted")
    database.execute(
        "insert into credit values (?, ?, ?, ?, ?)",
        (credit.id, credit.tenant, credit.amount_pico, credit.reference, credit.at_ms),
    )
    database.execute(
        "update tenant set credited_pico = credited_pico + ? where id = ?",
        (credit.amount_pico, credit.tenant),
    )


def to_json(quota: Quota) -> str:
    """A quota as its column has it."""
    return msgspec.json.encode(quota).decode()


class _Key(msgspec.Struct, array_like=True):
    id: str
    tenant: str
    name_sealed: str
    secret_hash: str
    models: str | None
    endpoints: str | None
    quota: str
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None
    rotate_days: int | None
    grace_hours: int
    successor: str | None
    handed_over_ms: int | None


class _Tenant(msgspec.Struct, array_like=True):
    id: str
    name_sealed: str
    tier: str
    quota: str
    prepaid: int
    credited_pico: int
    spent_pico: int
    delivery_sealed: str | None
    created_ms: int
    closed_ms: int | None


def _key(vault: Vault, row: Row) -> ApiKey:
    values = msgspec.convert(row, _Key)
    return ApiKey(
        id=values.id,
        tenant=values.tenant,
        name=vault.unseal(values.name_sealed, f"api_key.name:{values.id}"),
        models=_scope_from_json(values.models),
        endpoints=_scope_from_json(values.endpoints),
        quota=msgspec.json.decode(values.quota, type=Quota),
        created_ms=values.created_ms,
        expires_ms=values.expires_ms,
        revoked_ms=values.revoked_ms,
        rotate_days=values.rotate_days,
        grace_hours=values.grace_hours,
        successor=values.successor,
        handed_over_ms=values.handed_over_ms,
    )


def _tenant(vault: Vault, row: Row) -> Tenant:
    values = msgspec.convert(row, _Tenant)
    delivery = values.delivery_sealed
    return Tenant(
        id=values.id,
        name=vault.unseal(values.name_sealed, f"tenant.name:{values.id}"),
        tier=values.tier,
        quota=msgspec.json.decode(values.quota, type=Quota),
        prepaid=bool(values.prepaid),
        credited_pico=values.credited_pico,
        spent_pico=values.spent_pico,
        delivery=delivery and vault.unseal(delivery, f"tenant.delivery:{values.id}"),
        created_ms=values.created_ms,
        closed_ms=values.closed_ms,
    )


def _scope_to_json(scope: frozenset[str] | None) -> str | None:
    return None if scope is None else msgspec.json.encode(sorted(scope)).decode()


def _scope_from_json(text: str | None) -> frozenset[str] | None:
    return None if text is None else msgspec.json.decode(text, type=frozenset[str])
