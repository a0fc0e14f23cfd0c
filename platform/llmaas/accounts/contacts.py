"""Where tenants are told what becomes of the models they call, and in which language."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from llmaas.accounts.audit import Change
from llmaas.accounts.database import Database
from llmaas.accounts.store import Store, Transaction
from llmaas.accounts.tenant import AccountsError, UnknownTenantError
from llmaas.accounts.vault import Vault

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x20\x7f]+@[A-Za-z0-9.-]+")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Contact:
    """How to reach one tenant; `None` is not known."""

    tenant: str
    language: str | None = None
    mail: str | None = None
    webhook: str | None = None


def contacts(store: Store) -> dict[str, Contact]:
    """Of every tenant that has any, by its id."""
    return store.read(lambda database: _read(database, store.vault))


def change_contact(
    store: Store,
    tenant: str,
    *,
    actor: str,
    language: str | None = None,
    mail: str | None = None,
    webhook: str | None = None,
) -> Contact:
    """Change what is given; an empty text forgets it.

    Raises:
        UnknownTenantError: no tenant has this id.
        AccountsError: a value cannot be used.
    """
    given = {"language": language, "mail": mail, "webhook": webhook}
    changed = {name: value for name, value in given.items() if value is not None}
    for name, value in changed.items():
        if value:
            _CHECKS[name](value)

    def work(transaction: Transaction) -> Contact:
        execute = transaction.database.execute
        if not execute("select 1 from tenant where id = ?", (tenant,)):
            raise UnknownTenantError(tenant)
        # Read in the same transaction: another administrator's change must not be undone.
        before = _read(transaction.database, store.vault).get(tenant, Contact(tenant))
        after = Contact(
            tenant,
            *(
                getattr(before, name) if value is None else value or None
                for name, value in given.items()
            ),
        )
        execute("delete from contact where id = ?", (tenant,))
        execute(
            "insert into contact (id, language, mail_sealed, webhook_sealed) values (?, ?, ?, ?)",
            (
                tenant,
                after.language,
                _sealed(store.vault, "mail", tenant, after.mail),
                _sealed(store.vault, "webhook", tenant, after.webhook),
            ),
        )
        transaction.records.append(
            Change(
                at_ms=store.clock_ms(),
                actor=actor,
                action="tenant.contact",
                tenant=tenant,
                # Addresses are personal data: the trail says what changed, not to what.
                details={"changed": ", ".join(sorted(changed))},
            )
        )
        return after

    return store.write(work)


def _read(database: Database, vault: Vault) -> dict[str, Contact]:
    return {
        str(tenant): Contact(
            tenant,
            language,
            mail and vault.unseal(mail, f"contact.mail:{tenant}"),
            webhook and vault.unseal(webhook, f"contact.webhook:{tenant}"),
        )
        for tenant, language, mail, webhook in database.execute(
            "select id, language, mail_sealed, webhook_sealed from contact order by id"
        )
    }


def _sealed(vault: Vault, column: str, tenant: str, value: str | None) -> str | None:
    return None if value is None else vault.seal(value, f"contact.{column}:{tenant}")


def _check_language(value: str) -> None:
    if not _LANGUAGE.fullmatch(value):
        raise AccountsError(f"{value!r} is no language code; write one like fr or en")


def _check_mail(value: str) -> None:
    if not _MAIL.fullmatch(value) or len(value) > 254:
        raise AccountsError(f"{value!r} is no mail address; write one like team@example.org")


def _check_webhook(value: str) -> None:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not secure or not parts.hostname:
        raise AccountsError(f"{value!r} is no address that begins with https://")


_CHECKS = {"language": _check_language, "mail": _check_mail, "webhook": _check_webhook}
