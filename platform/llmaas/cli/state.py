"""The state directory: everything `llmaas` remembers between two starts.

bundle       the compiled catalogue that is served: a link into bundles/
bundles/     every catalogue that was applied, and the history of who applied it
docs/<hash>/ built documentation
stand-ins/   stand-in weights, made on first use
weights/     weights that were pulled
accounts.db  tenants, API keys (hashed), ledger and audit trail
journals/    what running streams have produced, for the start after a crash
secret       the master secret that opens sealed columns; back it up apart from accounts.db
secret.next  the one that follows, for the moment in which the database changes to it
admin-token  shows an operator at /admin/v1, readable by its owner only
control      the socket on which the service takes commands
local-key    the first-run API key in clear, readable by its owner only
logs/        the service's log and tracebacks
lock         held by the one `up` or `serve` that uses this directory
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llmaas.cli.exits import CommandError, Exit


@dataclass(frozen=True)
class StateDir:
    """The places below one state directory."""

    root: Path
    bundle: Path
    bundles: Path
    docs: Path
    stand_ins: Path
    weights: Path
    accounts: Path
    journals: Path
    secret: Path
    admin_token: Path
    local_key: Path
    logs: Path
    lock: Path


def state_dir(given: Path | None) -> StateDir:
    """The directory that was asked for, or the platform's convention."""
    if given is None:
        import platformdirs

        given = platformdirs.user_data_path("llmaas", appauthor=False)
    root = given.expanduser().absolute()
    return StateDir(
        root=root,
        bundle=root / "bundle",
        bundles=root / "bundles",
        docs=root / "docs",
        stand_ins=root / "stand-ins",
        weights=root / "weights",
        accounts=root / "accounts.db",
        journals=root / "journals",
        secret=root / "secret",
        admin_token=root / "admin-token",
        local_key=root / "local-key",
        logs=root / "logs",
        lock=root / "lock",
    )


def open_state(state: StateDir) -> None:
    """Create what is missing, readable by its owner only.

    Raises:
        CommandError: the directory cannot be created or written.
    """
    with writing(state):
        state.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.logs.mkdir(mode=0o700, exist_ok=True)
        if not os.access(state.root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "no permission to write", state.root)


@contextmanager
def writing(state: StateDir) -> Iterator[None]:
    """Say in one line that the disk is full or a directory closed, and what to do about it.

    Raises:
        CommandError: something could not be written.
    """
    try:
        yield
    except OSError as error:
        raise CommandError(
            Exit.CANNOT_START,
            f"cannot write {error.filename or state.root}: {_reason(error)}",
            "make room or give write permission, or choose another directory with --state-dir",
        ) from error


def _reason(error: OSError) -> str:
    """Libraries that write much at once tell how much of it was written, and not why no more."""
    return error.strerror or f"not everything could be written, is the disk full? ({error})"


@contextmanager
def locked(state: StateDir, command: str) -> Iterator[None]:
    """Hold the directory; the kernel lets go of it however this process ends.

    Raises:
        CommandError: another process holds it.
    """
    with writing(state):
        handle = state.lock.open("a+")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise CommandError(
                Exit.CANNOT_START,
                f"{state.root} is in use by {holder}",
                "stop that one first, or give this one a directory of its own with --state-dir",
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(f"`llmaas {command}` (process {os.getpid()})\n")
        handle.flush()
        yield
