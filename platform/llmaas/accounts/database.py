"""One connection to the database of accounts: SQLite in a file, or PostgreSQL by URL.

Statements are written once, in the SQL that both understand, with `?` for parameters. SQLite holds
its data in a write-ahead log, so reading never waits for writing, and a commit is on disk when it
returns.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

BUSY_TIMEOUT_S = 10.0
Value = str | int | None
Row = tuple[Any, ...]


class DatabaseError(Exception):
    """The database cannot be used; the message names it and the remedy."""


class Database(Protocol):
    """A connection. Not for use by two threads at once."""

    @property
    def name(self) -> str:
        """For people: where it is, without passwords."""

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Run a statement; its rows, if it has any."""

    def execute_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for every row of parameters."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, with no other writer beside it."""
        yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read everything as of one moment, whatever is written meanwhile."""
        yield

    def version(self) -> int:
        """Version of the schema; 0 for an empty database."""

    def set_version(self, version: int) -> None:
        """Note the version of the schema, inside a transaction."""

    def others(self) -> int:
        """Connections of other processes, as far as the database knows; for a file it does not."""

    def close(self) -> None:
        """Let go of it."""


def open_database(place: Path | str) -> Database:
    """Open the database: a path is SQLite, a `postgresql://` URL is PostgreSQL.

    Raises:
        DatabaseError: it cannot be opened.
    """
    if isinstance(place, Path):
        return SqliteDatabase(place)
    if place.startswith(("postgresql://", "postgres://")):
        from llmaas.accounts.postgresql import PostgresqlDatabase  # noqa: PLC0415

        return PostgresqlDatabase(place)
    raise DatabaseError(
        f"{place}: neither a path nor a postgresql:// URL; "
        "give a URL like postgresql://user@host/database"
    )


class SqliteDatabase:
    """SQLite, created where it is missing, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            DatabaseError: it is no SQLite database, or cannot be opened.
        """
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            self._connection.execute("pragma foreign_keys = on")
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise DatabaseError(
                f"{path}: {error}; restore it from a backup, or move it away to begin anew"
            ) from error

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    @property
    def connection(self) -> sqlite3.Connection:
        """For what only SQLite can do, such as its online backup."""
        return self._connection

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Run a statement; its rows, if it has any."""
        return self._connection.execute(sql, parameters).fetchall()

    def execute_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for every row of parameters."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; waits for the writer of another process."""
        self._connection.execute("begin immediate")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read everything as of one moment; writers go on in the write-ahead log."""
        self._connection.execute("begin")
        try:
            yield
        finally:
            self._connection.execute("rollback")

    def version(self) -> int:
        """Version of the schema (`user_version`)."""
        return int(self._connection.execute("pragma user_version").fetchone()[0])

    def set_version(self, version: int) -> None:
        """Note the version of the schema."""
        self._connection.execute(f"pragma user_version = {version:d}")

    def others(self) -> int:
        """Not known; the lock of the state directory says whether a service uses the file."""
        return 0

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
