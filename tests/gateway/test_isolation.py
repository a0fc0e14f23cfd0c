"""Tenants are apart: whatever one asks, with whosever ids, nothing of another comes back."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.a_bundle import CHAT, EMBEDDING, TRANSCRIPTION, make_bundle
from tests.gateway.serving import Gateway, serving

from llmaas.accounts import ApiKey, Quota, audit, ledger
from llmaas.accounts.contacts import change_contact
from llmaas.accounts.database import SqliteDatabase
from llmaas.gateway.operations import OPERATIONS, Operation

ADMIN_TOKEN = "for-operators"
PRIVATE = "Zwetschgendatschi"
"""In everything the victim has that is a text."""
CONTRACT = make_bundle().tiers[1]


@dataclass(frozen=True)
class Victim:
    """A customer with something of everything, and what its ids are."""

    gateway: Gateway
    key: ApiKey
    token: str
    request_id: str

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.key.id, self.key.tenant, self.request_id)

    def everything(self) -> tuple[object, ...]:
        """All that is known of it, as it is now."""
        accounts = self.gateway.accounts
        accounts.store.write(lambda _: None)
        tenant = self.key.tenant
        return (
            accounts.administration.tenants()[-2:],
            accounts.administration.api_keys(tenant),
            accounts.administration.credits(tenant),
            accounts.store.read(lambda d: ledger.entries_of(d, tenant, "2025-11")),
            accounts.store.read(lambda d: list(audit.read(d, tenant=tenant))),
            accounts.book.remaining_tokens(
                tenant, self.key.id, self._limits, accounts.store.clock_ms()
            ),
        )

    @property
    def _limits(self) -> Any:
        from llmaas.accounts import Meter

        return Meter(self.gateway.accounts, make_bundle()).limits(self.key)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    with serving(tmp_path, admin_token=ADMIN_TOKEN) as gateway:
        administration = gateway.accounts.administration
        for tenant in ("attacker", "victim"):
            name = PRIVATE if tenant == "victim" else "A"
            administration.create_tenant(tenant, name, CONTRACT, actor="a test")
        administration.change_tenant("victim", delivery=f"file:/{PRIVATE}", actor="a test")
        change_contact(
            gateway.accounts.store, "victim", mail=f"{PRIVATE}@victim.example", actor="a test"
        )
        administration.credit("victim", Decimal(7), PRIVATE, actor="a test")
        quota = Quota(output_tokens_per_hour=1000, requests_per_minute=7)
        key, token = gateway.create_key(tenant="victim", quota=quota)
        answer = call(gateway.http(token), CHAT)
        yield Victim(gateway, key, token, answer.headers["x-request-id"])


@pytest.fixture
def attacker(victim: Victim) -> httpx.Client:
    _, token = victim.gateway.create_key(tenant="attacker")
    return victim.gateway.http(token)


def call(client: httpx.Client, model: str, **options: Any) -> httpx.Response:
    messages = [{"role": "user", "content": PRIVATE}]
    body = {"model": model, "messages": messages, "max_tokens": 9} | options
    return client.post("/v1/chat/completions", json=body)


BODIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "createChatCompletion": lambda id_: {
        "model": CHAT,
        "messages": [{"role": "user", "content": id_}],
        "user": id_,
    },
    "createCompletion": lambda id_: {"model": CHAT, "prompt": id_, "user": id_},
    "createEmbeddings": lambda id_: {"model": EMBEDDING, "input": id_, "user": id_},
    "createTranscription": lambda id_: {"model": TRANSCRIPTION, "prompt": id_, "file": id_},
    "createTenant": lambda id_: {"id": id_, "name": "Mine now", "tier": "contract"},
    "changeContact": lambda id_: {"tenant": id_, "mail": "me@attacker.example"},
    "creditTenant": lambda id_: {"tenant": id_, "eur": "-5", "reference": "mine"},
    "createKey": lambda id_: {"name": "mine", "tenant": id_},
    "rotateKey": lambda id_: {"key": id_},
    "revokeKey": lambda id_: {"key": id_},
}
"""A right body of every operation that takes one, about a thing with an id."""


def json_body(body: dict[str, Any]) -> dict[str, Any]:
    return {"json": body}


def form(body: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in body.items() if name != "file"}
    return {"data": fields, "files": {"file": body["file"].encode()}}


def requests_about(operation: Operation, id_: str) -> Iterator[dict[str, Any]]:
    """Every way in which an operation can be asked about a thing."""
    path = re.sub(r"\{\w+\}", id_, operation.path)
    named = {"x-tenant": id_, "x-llmaas-tenant": id_, "openai-organization": id_}
    if operation.requests:
        body = BODIES[operation.id](id_)
        sent = form if operation.form else json_body
        yield {"url": path, **sent(body)}
        yield {"url": path, **sent(body), "headers": named}
        if operation.endpoint:
            yield {"url": path, **sent(body | {"model": id_})}
            yield {"url": path, **sent(body | {"stream": True})}
    else:
        yield {"url": path}
        yield {"url": path, "headers": named, "params": {"tenant": id_, "key": id_}}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_no_operation_shows_or_changes_anything_of_another_tenant(
    victim: Victim, attacker: httpx.Client, operation: Operation
) -> None:
    before = victim.everything()
    for id_ in victim.ids:
        for request in requests_about(operation, id_):
            answer = attacker.request(operation.method, **request)
            if operation.admin:
                assert answer.status_code == 401
            said = answer.text + json.dumps(dict(answer.headers))
            assert PRIVATE not in said
            unsent = [each for each in victim.ids if each not in {id_, "victim"}]
            assert not [each for each in unsent if each in said], "an id nobody told came back"
            assert "x-ratelimit-limit-requests" not in answer.headers, "limits are the caller's own"
    assert victim.everything() == before


def test_an_id_with_a_secret_of_another_key_opens_nothing(
    victim: Victim, attacker: httpx.Client
) -> None:
    own = attacker.headers["authorization"].removeprefix("Bearer ")
    forged = f"llmaas_{victim.key.id}_{own.rsplit('_', 1)[1]}"
    assert call(victim.gateway.http(forged), CHAT).status_code == 401


def test_what_one_tenant_uses_up_another_still_has(victim: Victim, attacker: httpx.Client) -> None:
    client = victim.gateway.http(victim.token)
    for _ in range(6):
        assert call(client, CHAT).status_code == 200
    assert call(client, CHAT).status_code == 429
    assert call(attacker, CHAT).status_code == 200


def test_every_statement_a_customer_causes_carries_the_tenant(
    victim: Victim, attacker: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: set[str] = set()
    once, many = SqliteDatabase.execute, SqliteDatabase.execute_many

    def execute(database: SqliteDatabase, sql: str, *rest: Any) -> Any:
        statements.add(sql)
        return once(database, sql, *rest)

    def execute_many(database: SqliteDatabase, sql: str, *rest: Any) -> Any:
        statements.add(sql)
        return many(database, sql, *rest)

    monkeypatch.setattr(SqliteDatabase, "execute", execute)
    monkeypatch.setattr(SqliteDatabase, "execute_many", execute_many)
    for operation in OPERATIONS:
        if not operation.public and not operation.admin:
            for request in requests_about(operation, CHAT):
                attacker.request(operation.method, **request)
    victim.gateway.accounts.store.write(lambda _: None)
    assert any("insert into ledger" in sql for sql in statements)
    for sql in statements:
        owned = re.search(r"\b(ledger|credit|contact|notice|tenant|api_key)\b", sql)
        assert owned is None or "tenant" in sql, sql
        assert not re.match(r"select .* from (ledger|credit|contact|notice|audit)\b", sql), sql
