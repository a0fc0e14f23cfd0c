"""The accounts of a state directory or of a database server, as every command opens them."""

import getpass
import os
import secrets
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from llmaas.accounts import Accounts, Administration, DatabaseError, Store, VaultError
from llmaas.bundle import Service
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.secret_files import write_secret
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
    place = database or state.accounts
    try:
        with writing(state):
            master = master_secret(state)
            try:
                return Store(place, master=master, clock_ms=clock_ms)
            except VaultError:
                successor = next_secret(state)
                if not successor.exists():
                    raise
                # A rotation died after the database had changed and before the file had.
                store = Store(place, master=successor.read_bytes().strip(), clock_ms=clock_ms)
                successor.replace(state.secret)
                return store
    except DatabaseError as error:
        raise CommandError(Exit.CANNOT_START, str(error)) from error


def open_administration(state: StateDir, database: str | None = None) -> Administration:
    """Tenants and keys, for people.

    Raises:
        CommandError: the database cannot be opened.
    """
    return Administration(open_store(state, database))


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


def named_secret() -> Path | None:
    """The operator's own file of the master secret; `None` where it is in the state directory."""
    named = os.environ.get(SECRET_FILE_VARIABLE)
    return Path(named) if named else None


def master_secret(state: StateDir) -> bytes:
    """The secret in the file that was named, or in the state directory, where it is made once."""
    named = named_secret()
    path = named or state.secret
    try:
        secret = path.read_bytes().strip()
    except FileNotFoundError:
        if named or state.accounts.exists():
            raise CommandError(
                Exit.CANNOT_START,
                f"{path}: no such file, and without it the accounts cannot be opened",
                f"restore it from your backup, or name it with {SECRET_FILE_VARIABLE}",
            ) from None
        return new_secret(path)
    return _strong(path, secret)


def read_secret(path: Path) -> bytes:
    """The master secret in a file.

    Raises:
        CommandError: there is none, or it is too short.
    """
    try:
        return _strong(path, path.read_bytes().strip())
    except FileNotFoundError as error:
        raise CommandError(
            Exit.USAGE, f"{path}: no such file", "write one with `openssl rand -hex 32`"
        ) from error


def _strong(path: Path, secret: bytes) -> bytes:
    if len(secret) < SECRET_BYTES:
        raise CommandError(
            Exit.CANNOT_START,
            f"{path}: a master secret has {SECRET_BYTES} bytes at least, this one {len(secret)}",
            "write one with `openssl rand -hex 32`",
        )
    return secret


def next_secret(state: StateDir) -> Path:
    """Where the master secret lies that a rotation is changing to."""
    return state.secret.with_name("secret.next")


def new_secret(path: Path) -> bytes:
    """Make a master secret in a file; it is on disk when this returns."""
    secret = secrets.token_hex(SECRET_BYTES)
    write_secret(path, secret)
    return secret.encode()
