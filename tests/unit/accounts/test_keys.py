import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llmaas.accounts import KeyStore, KeyStoreError, UnknownKeyError

NOON = datetime(2025, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "keys.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[KeyStore]:
    store = KeyStore(path, now=lambda: NOON)
    yield store
    store.close()


def test_a_token_authenticates_the_key_it_was_made_with(store: KeyStore) -> None:
    key, token = store.create("laptop")
    prefix, key_id, secret = token.split("_")
    assert (prefix, key_id) == ("llmaas", key.id)
    assert len(key_id) == 16
    assert len(secret) == 52
    assert store.authenticate(token) == key
    assert key.created_at == NOON


def test_two_keys_differ_in_id_and_secret(store: KeyStore) -> None:
    _, first = store.create("a")
    _, second = store.create("a")
    assert not set(first.split("_")[1:]) & set(second.split("_")[1:])


def test_the_secret_is_nowhere_in_the_file(store: KeyStore, path: Path) -> None:
    _, token = store.create("laptop")
    secret = token.rpartition("_")[2].encode()
    for file in path.parent.iterdir():
        assert secret not in file.read_bytes()


@pytest.mark.parametrize(
    "change", ["wrong secret", "unknown id", "prefix", "empty", "newline", "accent"]
)
def test_a_token_that_is_not_exactly_right_is_refused(store: KeyStore, change: str) -> None:
    key, token = store.create("laptop")
    _, other = store.create("other")
    broken = {
        "wrong secret": f"llmaas_{key.id}_{other.rpartition('_')[2]}",
        "unknown id": token.replace(key.id, "a" * 16),
        "prefix": token.replace("llmaas", "sk"),
        "empty": "",
        "newline": token + "\n",
        "accent": token + "accent",
    }[change]
    assert store.authenticate(broken) is None


def test_a_revoked_key_stops_at_once_and_stays_in_the_list(store: KeyStore) -> None:
    key, token = store.create("laptop")
    assert store.authenticate(token) is not None
    revoked = store.revoke(key.id)
    assert revoked.revoked_at == NOON
    assert store.authenticate(token) is None
    assert store.list() == (revoked,)


def test_revoking_twice_keeps_the_first_date(path: Path) -> None:
    days = iter([NOON, NOON.replace(day=25), NOON.replace(day=26)])
    store = KeyStore(path, now=lambda: next(days))
    key, _ = store.create("laptop")
    assert store.revoke(key.id) == store.revoke(key.id)
    store.close()


def test_revoking_an_unknown_id_names_it(store: KeyStore) -> None:
    with pytest.raises(UnknownKeyError, match="abc"):
        store.revoke("abc")


def test_a_scope_is_kept_and_decides(store: KeyStore) -> None:
    scoped, token = store.create("batch", frozenset({"granite3.3:8b"}))
    free, _ = store.create("all")
    found = store.authenticate(token)
    assert found == scoped
    assert found is not None
    assert found.may_call("granite3.3:8b")
    assert not found.may_call("qwen3:14b")
    assert free.may_call("qwen3:14b")


def test_an_empty_scope_allows_nothing(store: KeyStore) -> None:
    key, token = store.create("none", frozenset())
    assert store.authenticate(token) == key
    assert not key.may_call("granite3.3:8b")


def test_what_another_process_writes_is_seen_with_the_next_request(
    store: KeyStore, path: Path
) -> None:
    key, token = store.create("laptop")
    assert store.authenticate(token) == key
    script = (
        "import sys; from pathlib import Path; from llmaas.accounts import KeyStore\n"
        "store = KeyStore(Path(sys.argv[1])); store.revoke(sys.argv[2])\n"
        "print(store.create('theirs')[1]); store.close()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), key.id],
        capture_output=True,
        text=True,
        check=True,
    )
    assert store.authenticate(token) is None
    theirs = store.authenticate(done.stdout.strip())
    assert theirs is not None
    assert theirs.name == "theirs"


def test_two_stores_on_one_file_see_each_other(store: KeyStore, path: Path) -> None:
    other = KeyStore(path)
    key, token = store.create("laptop")
    assert other.authenticate(token) == key
    store.revoke(key.id)
    assert other.authenticate(token) is None
    other.close()


def test_keys_outlive_the_process(path: Path) -> None:
    first = KeyStore(path)
    key, token = first.create("laptop")
    first.close()
    second = KeyStore(path)
    assert second.authenticate(token) == key
    second.close()


def test_only_the_owner_reads_the_file(store: KeyStore, path: Path) -> None:
    store.create("laptop")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_named_with_a_remedy(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, and long enough to be read as one" * 20)
    with pytest.raises(KeyStoreError, match=r"keys\.sqlite3.*move the file away"):
        KeyStore(path)


def test_a_store_of_a_newer_version_is_not_touched(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(KeyStoreError, match="version 99"):
        KeyStore(path)
