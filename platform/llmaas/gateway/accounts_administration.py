"""Tenants and keys under `/admin/v1`, for those who operate the service."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from llmaas.accounts import (
    AccountsError,
    Administration,
    ApiKey,
    NewKey,
    Tenant,
    UnknownKeyError,
    UnknownTenantError,
    to_eur,
)
from llmaas.gateway.administration import require_administrator
from llmaas.gateway.context import Exchange
from llmaas.gateway.decoding import decode
from llmaas.gateway.errors import InvalidRequest, KeyNotFound, TenantNotFound
from llmaas.gateway.wire.accounts import (
    CreditRequest,
    IssuedKey,
    KeyList,
    KeyObject,
    KeyRequest,
    RevocationRequest,
    RotationRequest,
    TenantList,
    TenantObject,
    TenantRequest,
)

T = TypeVar("T")
ACTOR = "admin API"
HOUR_MS = 3_600_000


async def list_tenants(exchange: Exchange) -> None:
    """Every tenant with its balance as it is now."""
    require_administrator(exchange)
    found = await _ask(exchange, lambda admin: admin.tenants())
    await exchange.answer_json(TenantList(data=[_tenant(tenant) for tenant in found]))


async def create_tenant(exchange: Exchange) -> None:
    """Make a tenant; what its tier asks for up front is credited."""
    asked = await _body(exchange, TenantRequest)
    tiers = {tier.id: tier for tier in exchange.gateway.bundle.tiers}
    tier = tiers.get(asked.tier)
    if tier is None:
        offered = ", ".join(sorted(tiers))
        raise InvalidRequest(
            f"There is no tier '{asked.tier}'. Choose from {offered}.", param="tier"
        )
    made = await _ask(
        exchange,
        lambda admin: admin.create_tenant(asked.id, asked.name, tier, asked.quota, actor=ACTOR),
    )
    await exchange.answer_json(_tenant(made))


async def credit_tenant(exchange: Exchange) -> None:
    """Book money that a tenant paid in."""
    asked = await _body(exchange, CreditRequest)

    def credit(administration: Administration) -> Tenant:
        administration.credit(asked.tenant, asked.eur, asked.reference, actor=ACTOR)
        return administration.tenant(asked.tenant)

    await exchange.answer_json(_tenant(await _ask(exchange, credit)))


async def list_keys(exchange: Exchange) -> None:
    """Every key, revoked ones included, without secrets."""
    require_administrator(exchange)
    found = await _ask(exchange, lambda admin: admin.api_keys())
    await exchange.answer_json(KeyList(data=[_key(key) for key in found]))


async def get_key(exchange: Exchange) -> None:
    """One key without its secret."""
    require_administrator(exchange)
    key_id = str(exchange.path_params["key"]).removeprefix("/")
    await exchange.answer_json(_key(await _ask(exchange, lambda admin: admin.api_key(key_id))))


async def create_key(exchange: Exchange) -> None:
    """Make a key; its secret is in this answer only."""
    asked = await _body(exchange, KeyRequest)
    expires = asked.expires_at
    if expires is not None and expires.tzinfo is None:
        raise InvalidRequest("The value of 'expires_at' has no time zone.", param="expires_at")
    new = NewKey(
        name=asked.name,
        tenant=asked.tenant,
        models=None if asked.models is None else frozenset(asked.models),
        endpoints=None if asked.endpoints is None else frozenset(asked.endpoints),
        quota=asked.quota,
        expires_ms=None if expires is None else int(expires.timestamp() * 1000),
        rotate_days=asked.rotate_days,
        grace_hours=asked.grace_hours,
    )
    key, secret = await _ask(exchange, lambda admin: admin.create_key(new, actor=ACTOR))
    await exchange.answer_json(IssuedKey(key=_key(key), secret=secret))


async def rotate_key(exchange: Exchange) -> None:
    """Issue the successor of a key; both are valid until the grace period ends."""
    asked = await _body(exchange, RotationRequest)
    grace_ms = None if asked.grace_hours is None else int(asked.grace_hours * HOUR_MS)
    key, secret = await _ask(
        exchange, lambda admin: admin.rotate(asked.key, grace_ms=grace_ms, actor=ACTOR)
    )
    await exchange.answer_json(IssuedKey(key=_key(key), secret=secret, replaces=asked.key))


async def revoke_key(exchange: Exchange) -> None:
    """Stop a key for good."""
    asked = await _body(exchange, RevocationRequest)
    await exchange.answer_json(
        _key(await _ask(exchange, lambda admin: admin.revoke(asked.key, actor=ACTOR)))
    )


async def _body(exchange: Exchange, kind: type[T]) -> T:
    require_administrator(exchange)
    return decode(await exchange.body(), exchange.header(b"content-type"), kind)


async def _ask(exchange: Exchange, question: Callable[[Administration], T]) -> T:
    """Ask or change the accounts beside the event loop."""
    try:
        return await asyncio.to_thread(question, exchange.gateway.meter.accounts.administration)
    except UnknownTenantError as error:
        raise TenantNotFound(f"There is no tenant '{error.args[0]}'.", param="tenant") from error
    except UnknownKeyError as error:
        raise KeyNotFound(f"There is no API key '{error.args[0]}'.", param="key") from error
    except AccountsError as error:
        raise InvalidRequest(f"{error}.") from error


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _moment_or_none(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else _moment(at_ms)


def _tenant(tenant: Tenant) -> TenantObject:
    return TenantObject(
        id=tenant.id,
        name=tenant.name,
        tier=tenant.tier,
        prepaid=tenant.prepaid,
        credited_eur=f"{to_eur(tenant.credited_pico):f}",
        spent_eur=f"{to_eur(tenant.spent_pico):f}",
        quota=tenant.quota,
        created_at=_moment(tenant.created_ms),
        closed_at=_moment_or_none(tenant.closed_ms),
    )


def _key(key: ApiKey) -> KeyObject:
    return KeyObject(
        id=key.id,
        name=key.name,
        tenant=key.tenant,
        models=None if key.models is None else sorted(key.models),
        endpoints=None if key.endpoints is None else sorted(key.endpoints),
        quota=key.quota,
        created_at=_moment(key.created_ms),
        expires_at=_moment_or_none(key.expires_ms),
        revoked_at=_moment_or_none(key.revoked_ms),
        rotate_days=key.rotate_days,
        grace_hours=key.grace_hours,
        successor=key.successor,
    )
