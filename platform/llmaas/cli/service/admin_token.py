"""The admin token: made once, kept in the state directory for the operator of this machine."""

import os
import secrets

from llmaas.cli.state import StateDir

_BYTES = 32


def admin_token(state: StateDir) -> str:
    """What an operator shows at `/admin/v1`; a file that was removed is made anew."""
    try:
        if found := state.admin_token.read_text().strip():
            return found
    except FileNotFoundError:
        pass
    token = secrets.token_urlsafe(_BYTES)
    temporary = state.admin_token.with_name(f".{state.admin_token.name}.new")
    temporary.unlink(missing_ok=True)
    # The mode is given at creation: there is no moment at which others could read it.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
    temporary.replace(state.admin_token)
    return token
