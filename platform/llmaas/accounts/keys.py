"""API keys in an SQLite file that several processes may use at once.

`llmaas keys create` writes while the gateway reads. The gateway keeps what it has read in memory
and asks SQLite before every use whether another process has written since (`PRAGMA data_version`,
a few microseconds), so a revoked key stops with the next request.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import msgspec

from llmaas.accounts.token import matches, new_token, split_token

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0
CACHED_KEYS = 10_000

_SCHEMA = """
create table api_key (
  id text primary key,
  name text not null,
  secret_sha256 text not null,
  models text,
  created_at text not null,
  revoked_at text
) strict, without rowid;
"""
_COLUMNS = "id, name, secret_sha256, models, created_at, revoked_at"


class KeyStoreError(Exception):
    """The file of keys cannot be used; the message names it and the remedy."""


class UnknownKeyError(KeyError):
    """No key has this id."""

    def __str__(self) -> str:
        return f"no API key has the id {self.args[0]!r}; `llmaas keys list` shows those there are"


@dataclass(frozen=True)
class ApiKey:
    """A key as everyone may see it: without its secret."""

    id: str
    name: str
    models: frozenset[str] | None
    """Ids of the models it may call; `None` is all of them."""
    created_at: datetime
    revoked_at: datetime | None = None

    def may_call(self, model: str) -> bool:
        """Whether the scope of this key includes a model id."""
        return self.models is None or model in self.models


@dataclass(frozen=True)
class _Row:
    key: ApiKey
    secret_sha256: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class KeyStore:
    """The keys of one service. Usable from several threads and several processes."""

    def __init__(self, path: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        """Open the store, creating the file and its directory where they are missing.

        Args:
            path: the SQLite file; readable by its owner alone.
            now: clock for `created_at` and `revoked_at`.

        Raises:
            KeyStoreError: the file is not a key store, or one of a newer version.
        """
        self._path = path
        self._now = now
        self._lock = Lock()
        self._rows: dict[str, _Row] = {}
        self._data_version = -1
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            self._migrate()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise KeyStoreError(
                f"{path}: {error}; move the file away to begin with an empty key store"
            ) from error
        except KeyStoreError:
            self._connection.close()
            raise

    def create(self, name: str, models: frozenset[str] | None = None) -> tuple[ApiKey, str]:
        """Make a key; the token returned beside it is shown nowhere else, ever.

        Args:
            name: what it is for, as its owner will recognise it.
            models: ids it may call; `None` is all.
        """
        token, key_id, digest = new_token()
        key = ApiKey(id=key_id, name=name, models=models, created_at=self._now())
        scope = None if models is None else msgspec.json.encode(sorted(models)).decode()
        with self._writing() as connection:
            connection.execute(
                f"insert into api_key ({_COLUMNS}) values (?, ?, ?, ?, ?, null)",  # noqa: S608
                (key.id, key.name, digest, scope, key.created_at.isoformat()),
            )
        return key, token

    def authenticate(self, token: str) -> ApiKey | None:
        """The key that this token belongs to; `None` when malformed, unknown, wrong or revoked."""
        parts = split_token(token)
        if parts is None:
            return None
        key_id, secret = parts
        row = self._row(key_id)
        if row is None or not matches(secret, row.secret_sha256):
            return None
        return row.key if row.key.revoked_at is None else None

    def list(self) -> tuple[ApiKey, ...]:
        """Every key, revoked ones included, oldest first."""
        with self._lock, closing(self._select("order by created_at, id", ())) as cursor:
            return tuple(_row(values).key for values in cursor)

    def revoke(self, key_id: str) -> ApiKey:
        """Stop a key for good; revoking it again changes nothing.

        Raises:
            UnknownKeyError: no key has this id.
        """
        with self._writing() as connection:
            connection.execute(
                "update api_key set revoked_at = ? where id = ? and revoked_at is null",
                (self._now().isoformat(), key_id),
            )
        row = self._row(key_id)
        if row is None:
            raise UnknownKeyError(key_id)
        return row.key

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _row(self, key_id: str) -> _Row | None:
        with self._lock:
            (version,) = self._connection.execute("pragma data_version").fetchone()
            if version != self._data_version or len(self._rows) > CACHED_KEYS:
                self._rows.clear()
                self._data_version = version
            row = self._rows.get(key_id)
            if row is None:
                with closing(self._select("where id = ?", (key_id,))) as cursor:
                    values = cursor.fetchone()
                if values is not None:
                    row = self._rows[key_id] = _row(values)
            return row

    def _select(self, clause: str, parameters: tuple[str, ...]) -> sqlite3.Cursor:
        return self._connection.execute(
            f"select {_COLUMNS} from api_key {clause}",  # noqa: S608 - clauses are literals above
            parameters,
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; `data_version` does not tell a connection of its own writes."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")
            self._rows.clear()

    def _migrate(self) -> None:
        with self._writing() as connection:
            (version,) = connection.execute("pragma user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise KeyStoreError(
                    f"{self._path}: key store of version {version}, this program reads up to "
                    f"{SCHEMA_VERSION}; use the newer llmaas that wrote it"
                )
            if version == 0:
                connection.execute(_SCHEMA)
                connection.execute(f"pragma user_version = {SCHEMA_VERSION}")


def _row(values: tuple[str, str, str, str | None, str, str | None]) -> _Row:
    key_id, name, digest, models, created_at, revoked_at = values
    return _Row(
        key=ApiKey(
            id=key_id,
            name=name,
            models=None if models is None else msgspec.json.decode(models, type=frozenset[str]),
            created_at=datetime.fromisoformat(created_at),
            revoked_at=None if revoked_at is None else datetime.fromisoformat(revoked_at),
        ),
        secret_sha256=digest,
    )
