"""Tenants and keys under /admin/v1, while the service runs."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.a_bundle import CHAT
from tests.gateway.serving import NOW, Gateway, serving

from llmaas.gateway.operations import OPERATIONS

TOKEN = "for-operators"
ADMIN = [operation for operation in OPERATIONS if operation.admin]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with serving(tmp_path, admin_token=TOKEN) as running:
        yield running


@pytest.fixture
def admin(gateway: Gateway) -> httpx.Client:
    return gateway.http(TOKEN)


def make(admin: httpx.Client, what: str, **facts: Any) -> Any:
    answer = admin.post(f"/admin/v1/{what}", json=facts)
    assert answer.status_code == 200, answer.text
    return answer.json()


def calls(gateway: Gateway, secret: str) -> int:
    body = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}
    return gateway.http(secret).post("/v1/chat/completions", json=body).status_code


def test_a_customer_is_made_pays_calls_and_is_stopped(
    gateway: Gateway, admin: httpx.Client
) -> None:
    tenant = make(admin, "tenants", id="acme", name="ACME SA", tier="tier-1")
    assert (tenant["prepaid"], tenant["credited_eur"]) == (True, "200.000000000000")
    paid = make(admin, "credits", tenant="acme", eur="12.50", reference="invoice")
    assert paid["credited_eur"] == "212.500000000000"
    issued = make(admin, "keys", name="search", tenant="acme", models=[CHAT])
    assert calls(gateway, issued["secret"]) == 200
    successor = make(admin, "rotations", key=issued["key"]["id"], grace_hours=1)
    assert successor["replaces"] == issued["key"]["id"]
    assert calls(gateway, issued["secret"]) == calls(gateway, successor["secret"]) == 200
    make(admin, "revocations", key=successor["key"]["id"])
    assert calls(gateway, successor["secret"]) == 401
    listed = admin.get("/admin/v1/keys").json()["data"]
    assert {issued["key"]["id"], successor["key"]["id"]} <= {key["id"] for key in listed}
    shown = admin.get(f"/admin/v1/keys/{issued['key']['id']}").json()
    assert shown["successor"] == successor["key"]["id"]
    assert issued["secret"] not in admin.get("/admin/v1/keys").text
    tenants = admin.get("/admin/v1/tenants").json()["data"]
    assert {each["id"] for each in tenants} == {"acme", "default"}


def test_a_key_has_its_own_period_of_grace_unless_the_rotation_says_otherwise(
    gateway: Gateway, admin: httpx.Client
) -> None:
    for asked, hours in (({}, 3), ({"grace_hours": 1}, 1)):
        key = make(admin, "keys", name="search", grace_hours=3)["key"]
        assert key["grace_hours"] == 3
        make(admin, "rotations", key=key["id"], **asked)
        ends = datetime.fromisoformat(admin.get(f"/admin/v1/keys/{key['id']}").json()["expires_at"])
        assert ends.timestamp() == NOW + hours * 3600


@pytest.mark.parametrize("operation", ADMIN, ids=lambda operation: operation.id)
def test_an_api_key_is_no_admin_token(gateway: Gateway, operation: Any) -> None:
    path = operation.path.replace("{key}", "anything")
    for token in (gateway.token, None):
        answer = gateway.http(token).request(operation.method, path, json={})
        assert answer.status_code == 401
        assert "admin" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("what", "facts", "status", "code"),
    [
        ("tenants", {"id": "x", "name": "X", "tier": "gold"}, 400, None),
        ("tenants", {"id": "X Y", "name": "X", "tier": "contract"}, 400, None),
        ("tenants", {"id": "default", "name": "X", "tier": "contract"}, 400, None),
        ("credits", {"tenant": "nobody", "eur": "1", "reference": "r"}, 404, "tenant_not_found"),
        ("credits", {"tenant": "default", "eur": "0.0000001", "reference": "r"}, 400, None),
        ("credits", {"tenant": "default", "eur": "1E+40", "reference": "r"}, 400, None),
        ("credits", {"tenant": "default", "eur": "NaN", "reference": "r"}, 400, None),
        ("keys", {"name": "k", "quota": {"monthly_cap_eur": "NaN"}}, 400, None),
        ("keys", {"name": "k", "quota": {"monthly_cap_eur": "0.0000000000001"}}, 400, None),
        ("keys", {"name": "k", "quota": {"requests_per_minute": -1}}, 400, None),
        ("keys", {"name": "k", "rotate_days": 10**30}, 400, None),
        ("keys", {"name": "k", "tenant": "nobody"}, 404, "tenant_not_found"),
        ("keys", {"name": "k", "expires_at": "2027-01-01T00:00:00"}, 400, None),
        ("keys", {"name": "k", "secret": "mine"}, 400, None),
        ("rotations", {"key": "nothing"}, 404, "key_not_found"),
        ("revocations", {"key": "nothing"}, 404, "key_not_found"),
    ],
)
def test_what_cannot_be_is_explained(
    admin: httpx.Client, what: str, facts: dict[str, Any], status: int, code: str | None
) -> None:
    answer = admin.post(f"/admin/v1/{what}", json=facts)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == code
