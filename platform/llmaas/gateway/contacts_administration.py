"""`/admin/v1/contacts`: where and in which language tenants are told of leaving models."""

import asyncio
from dataclasses import asdict

from llmaas.accounts import AccountsError, UnknownTenantError
from llmaas.accounts.contacts import change_contact, contacts
from llmaas.gateway.administration import require_administrator
from llmaas.gateway.context import Exchange
from llmaas.gateway.decoding import decode
from llmaas.gateway.errors import InvalidRequest, TenantNotFound
from llmaas.gateway.wire.contacts import ContactList, ContactObject, ContactRequest

ACTOR = "admin API"


async def list_contacts(exchange: Exchange) -> None:
    """Every contact there is."""
    require_administrator(exchange)
    found = await asyncio.to_thread(contacts, exchange.gateway.meter.accounts.store)
    data = [ContactObject(**asdict(each)) for each in found.values()]
    await exchange.answer_json(ContactList(data=data))


async def change(exchange: Exchange) -> None:
    """Change where one tenant is told."""
    require_administrator(exchange)
    asked = decode(await exchange.body(), exchange.header(b"content-type"), ContactRequest)
    try:
        changed = await asyncio.to_thread(
            change_contact,
            exchange.gateway.meter.accounts.store,
            asked.tenant,
            actor=ACTOR,
            language=asked.language,
            mail=asked.mail,
            webhook=asked.webhook,
        )
    except UnknownTenantError as error:
        raise TenantNotFound(f"There is no tenant '{error.args[0]}'.", param="tenant") from error
    except AccountsError as error:
        raise InvalidRequest(f"{error}.") from error
    await exchange.answer_json(ContactObject(**asdict(changed)))
