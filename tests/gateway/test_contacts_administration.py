"""How tenants are told, under /admin/v1, while the service runs."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.gateway.serving import serving

TOKEN = "for-operators"


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(tmp_path, admin_token=TOKEN) as running:
        client = running.http(TOKEN)
        made = client.post(
            "/admin/v1/tenants", json={"id": "acme", "name": "ACME", "tier": "tier-1"}
        )
        assert made.status_code == 200
        yield client


def test_a_contact_is_changed_value_by_value_and_listed(admin: httpx.Client) -> None:
    first = {"tenant": "acme", "language": "de", "mail": "team@acme.example"}
    assert admin.post("/admin/v1/contacts", json=first).status_code == 200
    second = {"tenant": "acme", "mail": "", "webhook": "https://acme.example/notices"}
    expected = {
        "object": "contact",
        "tenant": "acme",
        "language": "de",
        "mail": None,
        "webhook": "https://acme.example/notices",
    }
    assert admin.post("/admin/v1/contacts", json=second).json() == expected
    assert admin.get("/admin/v1/contacts").json() == {"object": "list", "data": [expected]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language", "French"),
        ("mail", "no address"),
        ("mail", "a@b.example\r\nBcc: all@c.example"),
        ("webhook", "http://acme.example/notices"),
        ("webhook", "file:///etc/passwd"),
    ],
)
def test_what_cannot_be_used_is_refused_and_named(
    admin: httpx.Client, name: str, value: str
) -> None:
    answer = admin.post("/admin/v1/contacts", json={"tenant": "acme", name: value})
    assert answer.status_code == 400
    assert admin.get("/admin/v1/contacts").json()["data"] == []


def test_an_unknown_tenant_is_named(admin: httpx.Client) -> None:
    answer = admin.post("/admin/v1/contacts", json={"tenant": "nobody", "language": "fr"})
    assert answer.status_code == 404
    assert "nobody" in answer.json()["error"]["message"]
