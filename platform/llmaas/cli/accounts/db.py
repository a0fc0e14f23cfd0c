"""`llmaas db`: the database of tenants, keys, ledger and audit trail."""

from pathlib import Path
from typing import Annotated

import typer

from llmaas.cli.accounts.opening import (
    administrator,
    clock_ms,
    master_secret,
    named_secret,
    new_secret,
    next_secret,
    open_store,
    read_secret,
)
from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import DatabaseOption, StateDirOption
from llmaas.cli.state import StateDir, locked, open_state, state_dir, writing

UPGRADE_EXAMPLES = """
llmaas db upgrade
llmaas db upgrade --database postgresql://llmaas@db/llmaas
"""
CHECK_EXAMPLES = """
llmaas db check
"""
BACKUP_EXAMPLES = """
llmaas db backup accounts-2026-11-21.db     while the service runs
"""
RESTORE_EXAMPLES = """
llmaas db restore accounts-2026-11-21.db    with the service stopped
"""
ROTATE_EXAMPLES = """
llmaas db rotate-secret                     with the service stopped
LLMAAS_SECRET_FILE=/run/secrets/a llmaas db rotate-secret --new-secret-file /run/secrets/b
"""

app = typer.Typer(
    help="Upgrade, check, back up and restore the database of accounts, and change its secret.",
    no_args_is_help=True,
    epilog=epilog(CHECK_EXAMPLES + BACKUP_EXAMPLES.lstrip() + RESTORE_EXAMPLES.lstrip()),
)
FileArgument = Annotated[
    Path, typer.Argument(envvar="LLMAAS_BACKUP_FILE", metavar="FILE", help="The copy.")
]


@app.command(epilog=epilog(UPGRADE_EXAMPLES))
def upgrade(*, state_directory: StateDirOption = None, database: DatabaseOption = None) -> None:
    """Bring the schema to this version; every start does so too, and twice changes nothing."""
    from llmaas.accounts import schema

    store = open_store(state_dir(state_directory), database)
    print(f"{store.name}: schema version {schema.VERSION}")


@app.command(epilog=epilog(CHECK_EXAMPLES))
def check(*, state_directory: StateDirOption = None, database: DatabaseOption = None) -> None:
    """Check that everything adds up: ledger, balances, audit trail and the file itself."""
    from llmaas.accounts.balance import imbalances

    store = open_store(state_dir(state_directory), database)
    found = store.read(lambda d: list(imbalances(d, store.vault.checkpoint_secret)))
    for problem in found:
        print(problem)
    if found:
        raise typer.Exit(Exit.PROBLEMS)
    print(f"{store.name}: everything adds up.")


@app.command(epilog=epilog(BACKUP_EXAMPLES))
def backup(
    file: FileArgument,
    *,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Copy the database while the service runs. Keep the master secret apart from it."""
    from llmaas.accounts import DatabaseError
    from llmaas.accounts.balance import copy_to

    state = state_dir(state_directory)
    store = open_store(state, database)
    try:
        with writing(state):
            store.read(lambda d: copy_to(d, file))
    except DatabaseError as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    print(f"Copied {store.name} to {file}. It opens with the secret in {state.secret}.")


@app.command(epilog=epilog(RESTORE_EXAMPLES))
def restore(file: FileArgument, *, state_directory: StateDirOption = None) -> None:
    """Put a copy in the place of the database. The one that was there is kept beside it."""
    import shutil

    from llmaas.accounts import DatabaseError, Store
    from llmaas.accounts.balance import imbalances

    if not file.is_file():
        raise CommandError(Exit.USAGE, f"{file}: no such file", "give the path of a backup")
    state = state_dir(state_directory)
    open_state(state)
    fresh = state.accounts.with_suffix(".restored")
    with locked(state, "db restore"), writing(state):
        for left in (fresh, *_beside(fresh)):
            left.unlink(missing_ok=True)  # of a restoration that died
        fresh.touch(mode=0o600)
        shutil.copyfile(file, fresh)
        try:
            store = Store(fresh, master=master_secret(state), clock_ms=clock_ms)
            secret = store.vault.checkpoint_secret
            problems = store.read(lambda d: list(imbalances(d, secret)))
            store.close()
        except DatabaseError as error:
            fresh.unlink()
            raise CommandError(Exit.PROBLEMS, str(error)) from error
        if problems:
            fresh.unlink()
            raise CommandError(Exit.PROBLEMS, f"{file}: {problems[0]}", "take another backup")
        before = state.accounts.with_name(f"{state.accounts.name}.before")
        for old, kept in zip(
            (*_beside(state.accounts), state.accounts), (*_beside(before), before), strict=True
        ):
            if old.exists():
                old.rename(kept)
        fresh.rename(state.accounts)
    print(f"Restored {state.accounts} from {file}.")


def _beside(database: Path) -> tuple[Path, Path]:
    """What SQLite keeps beside its file: the write-ahead log, and the index of it."""
    wal, shm = (database.with_name(f"{database.name}{ending}") for ending in ("-wal", "-shm"))
    return wal, shm


@app.command("rotate-secret", epilog=epilog(ROTATE_EXAMPLES))
def rotate_secret(
    *,
    new_secret_file: Annotated[
        Path | None,
        typer.Option(
            envvar="LLMAAS_NEW_SECRET_FILE",
            metavar="FILE",
            show_default="one that is made",
            help="The new master secret, where LLMAAS_SECRET_FILE names the one it replaces.",
        ),
    ] = None,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Change the master secret, and seal every encrypted column anew with a fresh key.

    Every service and command that uses the database has to be stopped. It is done as a whole or not
    at all: killed at any moment, the database opens with the old secret or with the new one, and
    the next command finds which. API keys stay valid. Backups open with the secret of their time.
    """
    named = named_secret()
    if (named is None) != (new_secret_file is None):
        raise CommandError(
            Exit.USAGE,
            "LLMAAS_SECRET_FILE and --new-secret-file go together",
            "name both files, or neither and the secret in the state directory is replaced",
        )
    state = state_dir(state_directory)
    open_state(state)
    with locked(state, "db rotate-secret"), writing(state):
        open_store(state, database).close()  # ends a rotation that died
        old = master_secret(state)
        if new_secret_file is None:
            values = _rekeyed(state, database, old, new_secret(next_secret(state)))
            next_secret(state).replace(state.secret)
            place = state.secret
        else:
            place = new_secret_file
            values = _rekeyed(state, database, old, read_secret(place))
    print(f"{values} values sealed anew. The secret is in {place}: back it up apart.")
    if new_secret_file is not None:
        print(f"Start services with LLMAAS_SECRET_FILE={place} from now on.")


def _rekeyed(state: StateDir, database: str | None, old: bytes, new: bytes) -> int:
    from llmaas.accounts import DatabaseError
    from llmaas.accounts.rekeying import rekey

    store = open_store(state, database)
    try:
        return rekey(store, old, new, actor=administrator()).values
    except DatabaseError as error:
        raise CommandError(Exit.CANNOT_START, str(error)) from error
    finally:
        store.close()
