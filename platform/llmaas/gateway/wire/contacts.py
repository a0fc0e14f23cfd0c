"""How tenants are told what becomes of models, as the administration API has it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from llmaas.gateway.wire.accounts import Id

Text = Annotated[str, Meta(max_length=500)]


class ContactRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is absent stays, an empty text is forgotten."""

    tenant: Id
    language: Annotated[Text, Meta(description="Of notices, such as `fr`.")] | None = None
    mail: Annotated[Text, Meta(description="Address for mails.")] | None = None
    webhook: Annotated[Text, Meta(description="Address that payloads are posted to.")] | None = None


class ContactObject(msgspec.Struct, kw_only=True):
    """Where and in which language a tenant is told of models that leave."""

    object: Literal["contact"] = "contact"
    tenant: str
    language: str | None
    mail: str | None
    webhook: str | None


class ContactList(msgspec.Struct, kw_only=True):
    """Of every tenant that has any."""

    object: Literal["list"] = "list"
    data: list[ContactObject]
