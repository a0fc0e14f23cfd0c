"""The first-run API key: made once, kept in the state directory, the same at every start."""

import stat
import sys

from llmaas.accounts import Accounts, NewKey
from llmaas.cli.secret_files import write_secret
from llmaas.cli.state import StateDir

NAME = "local (made by `llmaas up`)"


def local_key(state: StateDir, accounts: Accounts) -> str:
    """The token that is kept in clear for the user of this machine.

    A key that was revoked, or that the accounts do not know, is replaced. It belongs to the
    operator's own tenant, which is on a contract without limits.
    """
    token = _read(state)
    if token is not None and accounts.directory.authenticate(token) is not None:
        return token
    _, token = accounts.administration.create_key(NewKey(NAME), actor="llmaas up")
    write_secret(state.local_key, token)
    return token


def _read(state: StateDir) -> str | None:
    try:
        mode = stat.S_IMODE(state.local_key.stat().st_mode)
        token = state.local_key.read_text().strip()
    except FileNotFoundError:
        return None
    if mode & 0o077:
        print(
            f"warning: {state.local_key} can be read by other users (mode {mode:04o})\n"
            f"help: chmod 600 {state.local_key}",
            file=sys.stderr,
        )
    return token
