"""Automatic rotation: the successor arrives where the tenant said, or nothing has changed."""

import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.accounts.conftest import CONTRACT, Clock

from llmaas.accounts import NewKey
from llmaas.accounts.administration import DAY_MS, Administration
from llmaas.accounts.directory import Directory
from llmaas.accounts.rotation import rotate_due, signature
from llmaas.accounts.tenant import ApiKey

SECRET = b"shared with the receiver"


def due_key(
    administration: Administration, clock: Clock, delivery: str | None
) -> tuple[ApiKey, str]:
    administration.create_tenant("acme", "ACME", CONTRACT, actor="a test")
    if delivery is not None:
        administration.change_tenant("acme", delivery=delivery, actor="a test")
    new = NewKey("a key", tenant="acme", rotate_days=30, grace_hours=24)
    made = administration.create_key(new, actor="a test")
    clock.advance(30 * 86_400)
    return made


def test_the_successor_is_delivered_into_a_file_of_its_owner(
    administration: Administration, directory: Directory, clock: Clock, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    old, old_token = due_key(administration, clock, f"file:{path}")
    (rotated,) = rotate_due(administration, signing_secret=SECRET)
    token = path.read_text().strip()
    assert rotated.problem is None
    assert directory.authenticate(token) == administration.api_key(str(rotated.successor))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert directory.authenticate(old_token)
    clock.advance(86_400)
    assert directory.authenticate(old_token) is None
    assert administration.api_key(old.id).successor == rotated.successor
    assert rotate_due(administration, signing_secret=SECRET) == []


def test_the_successor_is_given_to_a_command(
    administration: Administration, directory: Directory, clock: Clock, tmp_path: Path
) -> None:
    script = tmp_path / "receive"
    script.write_text(f'#!/bin/sh\ncat > "{tmp_path}/key"\necho "$1 $2" > "{tmp_path}/ids"\n')
    script.chmod(0o755)
    old, _ = due_key(administration, clock, f"command:{script}")
    (rotated,) = rotate_due(administration, signing_secret=SECRET)
    assert directory.authenticate((tmp_path / "key").read_text().strip())
    assert (tmp_path / "ids").read_text().split() == [old.id, rotated.successor]


def test_the_successor_is_posted_with_a_signature(
    administration: Administration, directory: Directory, clock: Clock
) -> None:
    old, _ = due_key(administration, clock, "https://acme.example/keys")
    posts: list[dict[str, Any]] = []

    def post(url: str, **options: Any) -> httpx.Response:
        posts.append({"url": url, **options})
        return httpx.Response(204)

    rotate_due(administration, signing_secret=SECRET, post=post)
    ((sent),) = posts
    facts = json.loads(sent["content"])
    assert (facts["tenant"], facts["replaces"]) == ("acme", old.id)
    assert directory.authenticate(facts["key"])
    assert sent["headers"]["x-llmaas-signature"] == signature(SECRET, sent["content"])
    assert signature(b"another", sent["content"]) != signature(SECRET, sent["content"])


@pytest.mark.parametrize(
    ("delivery", "problem"),
    [
        ("command:/bin/false", "CalledProcessError"),
        ("command:/does/not/exist", "FileNotFoundError"),
        ("file:/does/not/exist/key", "FileNotFoundError"),
        ("https://acme.example/keys", "503"),
        ("ftp://acme.example", "neither"),
        (None, "does not say where"),
    ],
)
def test_a_key_whose_successor_does_not_arrive_goes_on(
    administration: Administration,
    directory: Directory,
    clock: Clock,
    delivery: str | None,
    problem: str,
) -> None:
    old, old_token = due_key(administration, clock, delivery)
    (rotated,) = rotate_due(
        administration, signing_secret=SECRET, post=lambda *_, **__: httpx.Response(503)
    )
    assert problem in str(rotated.problem)
    assert "llmaas_" not in str(rotated.problem)
    clock.advance(365 * 86_400)
    assert directory.authenticate(old_token) == administration.api_key(old.id)
    others = [key for key in administration.api_keys("acme") if key.id != old.id]
    assert all(key.revoked_ms is not None for key in others)
    assert [key.id for key in administration.due_for_rotation()] == [old.id]


def test_a_key_keeps_its_own_period_of_grace_and_its_last_day(
    administration: Administration, clock: Clock, tmp_path: Path
) -> None:
    administration.create_tenant("acme", "ACME", CONTRACT, actor="a test")
    administration.change_tenant("acme", delivery=f"file:{tmp_path}/key", actor="a test")
    ends = clock() + 31 * DAY_MS
    new = NewKey("a key", tenant="acme", rotate_days=30, grace_hours=2, expires_ms=ends)
    old, _ = administration.create_key(new, actor="a test")
    clock.advance(30 * 86_400)
    (rotated,) = rotate_due(administration, signing_secret=SECRET)
    assert administration.api_key(old.id).expires_ms == clock() + 2 * 3_600_000
    successor = administration.api_key(str(rotated.successor))
    assert (successor.grace_hours, successor.rotate_days) == (2, 30)
    assert successor.expires_ms == ends, "rotation does not lengthen a life"


def test_a_key_with_a_last_day_has_it_again_when_its_successor_does_not_arrive(
    administration: Administration, clock: Clock
) -> None:
    administration.create_tenant("acme", "ACME", CONTRACT, actor="a test")
    administration.change_tenant("acme", delivery="command:/bin/false", actor="a test")
    ends = clock() + 60 * DAY_MS
    new = NewKey("a key", tenant="acme", rotate_days=30, expires_ms=ends)
    old, _ = administration.create_key(new, actor="a test")
    clock.advance(30 * 86_400)
    rotate_due(administration, signing_secret=SECRET)
    assert administration.api_key(old.id).expires_ms == ends


def test_a_process_that_dies_while_it_delivers_locks_nobody_out(
    administration: Administration, directory: Directory, clock: Clock, tmp_path: Path
) -> None:
    old, old_token = due_key(administration, clock, f"file:{tmp_path}/key")
    lost, lost_token = administration.issue_successor(old, actor="a process")  # … and it is gone
    clock.advance(60)
    assert rotate_due(administration, signing_secret=SECRET) == [], "it may still be on its way"
    clock.advance(20 * 86_400)
    assert directory.authenticate(old_token)
    (rotated,) = rotate_due(administration, signing_secret=SECRET)
    assert rotated.successor not in {None, lost.id}
    assert directory.authenticate(lost_token) is None
    assert directory.authenticate((tmp_path / "key").read_text().strip())
    assert administration.api_key(old.id).successor == rotated.successor
