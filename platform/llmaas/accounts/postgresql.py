"""PostgreSQL as the database of accounts, for operators who run one.

Every write transaction holds one advisory lock: the audit trail is a chain, so writers take turns
anyway, and taking turns from the first statement on leaves nothing to deadlock about. A turn is a
group of requests, so it is short against what it carries.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from llmaas.accounts.database import DatabaseError, Row, Value

_TURN = 0x6C6C6D616173
"""Key of the advisory lock: "llmaas"."""
_NAME = "llmaas "
_WHO = f"{_NAME}{uuid4().hex[:12]}"
"""How the server names the connections of this process."""


class PostgresqlDatabase:
    """One connection; autocommit outside `writing`."""

    def __init__(self, url: str) -> None:
        """Connect.

        Raises:
            DatabaseError: the server cannot be reached or refuses.
        """
        parts = urlsplit(url)
        self._name = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        try:
            self._connection = psycopg.connect(url, autocommit=True, application_name=_WHO)
        except psycopg.Error as error:
            raise DatabaseError(
                f"{self._name}: {error}; check the URL, and that the server accepts this user"
            ) from error

    @property
    def name(self) -> str:
        """Host and database."""
        return self._name

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Run a statement; its rows, if it has any."""
        cursor = self._connection.execute(_portable(sql), parameters or None)
        return cursor.fetchall() if cursor.description is not None else []

    def execute_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for every row of parameters."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_portable(sql), rows)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; waits for its turn."""
        with self._connection.transaction():
            self._connection.execute("select pg_advisory_xact_lock(%s)", (_TURN,))
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read everything as of one moment, whatever is written meanwhile."""
        with self._connection.transaction():
            self._connection.execute("set transaction isolation level repeatable read")
            yield

    def version(self) -> int:
        """Version of the schema."""
        (table,) = self.execute("select to_regclass('schema_version')::text")
        if table[0] is None:
            return 0
        return int(self.execute("select version from schema_version")[0][0])

    def set_version(self, version: int) -> None:
        """Note the version of the schema."""
        self.execute("create table if not exists schema_version (version bigint not null)")
        self.execute("delete from schema_version")
        self.execute("insert into schema_version values (?)", (version,))

    def others(self) -> int:
        """Connections of other processes of this program."""
        ((found,),) = self.execute(
            "select count(*) from pg_stat_activity where datname = current_database() "
            "and starts_with(application_name, ?) and application_name <> ?",
            (_NAME, _WHO),
        )
        return int(found)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


def _portable(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()
