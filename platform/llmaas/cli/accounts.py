"""The accounts of a state directory or of a database server, as every command opens them."""

import getpass
import os
import secrets
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from llmaas.accounts import Accounts, DatabaseError, Directory, Store
from llmaas.bundle import Service
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.state import StateDir, open_state, writing

SECRET_FILE_VARIABLE = "LLMAAS_SECRET_FILE"  # noqa: S105 - a name
SECRET_BYTES = 32


def clock_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def administrator() -> str:
    """Who types, as the audit trail names it."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return f"user {os.getuid()} (command line)"


def open_store(state: StateDir, database: str | None = None) -> Store:
    """The database of accounts: a server's where a URL is given, otherwise the directory's own.

    Raises:
        CommandError: it cannot be opened.
    """
    open_state(state)
    try:
        with writing(state):
            master = master_secret(state)
            return Store(database or state.accounts, master=master, clock_ms=clock_ms)
    except DatabaseError as error:
        raise CommandError(Exit.CANNOT_START, str(error)) from error


def open_directory(state: StateDir, database: str | None = None) -> Directory:
    """Tenants and keys.

    Raises:
        CommandError: the database cannot be opened.
    """
    return Directory(open_store(state, database))


def open_accounts(
    state: StateDir, service: Service, database: str | None = None, *, windows: str | None = None
) -> Accounts:
    """Everything a serving process needs; what a process before it left behind is settled.

    Raises:
        CommandError: the database cannot be opened.
    """
    store = open_store(state, database)
    try:
        return Accounts(
            store,
            journals=state.journals,
            time_zone=ZoneInfo(service.time_zone),
            windows=windows,
        )
    except DatabaseError as error:
        store.close()
        raise CommandError(Exit.CANNOT_START, str(error)) from error


def master_secret(state: StateDir) -> bytes:
    """The secret in the file that was named, or in the state directory, where it is made once."""
    named = os.environ.get(SECRET_FILE_VARIABLE)
    path = Path(named) if named else state.secret
    try:
        secret = path.read_bytes().strip()
    except FileNotFoundError:
        if named or state.accounts.exists():
            raise CommandError(
                Exit.CANNOT_START,
                f"{path}: no such file, and without it the accounts cannot be opened",
                f"restore it from your backup, or name it with {SECRET_FILE_VARIABLE}",
            ) from None
        secret = secrets.token_hex(SECRET_BYTES).encode()
        _write_new(path, secret)
    if len(secret) < SECRET_BYTES:
        raise CommandError(
            Exit.CANNOT_START,
            f"{path}: a master secret has {SECRET_BYTES} bytes at least, this one {len(secret)}",
            "write one with `openssl rand -hex 32`",
        )
    return secret


def _write_new(path: Path, secret: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    # The mode is given at creation: there is no moment at which others could read it.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
