"""`llmaas db`: the database of tenants, keys, ledger and audit trail."""

from pathlib import Path
from typing import Annotated

import typer

from llmaas.cli.accounts import open_store
from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import DatabaseOption, StateDirOption
from llmaas.cli.state import locked, open_state, state_dir, writing

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

app = typer.Typer(
    help="Upgrade, check, back up and restore the database of accounts.",
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
    from llmaas.cli.accounts import clock_ms, master_secret

    if not file.is_file():
        raise CommandError(Exit.USAGE, f"{file}: no such file", "give the path of a backup")
    state = state_dir(state_directory)
    open_state(state)
    fresh = state.accounts.with_suffix(".restored")
    with locked(state, "db restore"), writing(state):
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
        for suffix in ("-wal", "-shm"):
            old = state.accounts.with_name(state.accounts.name + suffix)
            if old.exists():
                old.rename(state.accounts.with_name(f"{state.accounts.name}.before{suffix}"))
        if state.accounts.exists():
            state.accounts.rename(state.accounts.with_name(f"{state.accounts.name}.before"))
        fresh.rename(state.accounts)
    print(f"Restored {state.accounts} from {file}.")
