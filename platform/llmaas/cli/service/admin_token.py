"""The admin token: made once, kept in the state directory for the operator of this machine."""

import secrets

from llmaas.cli.secret_files import write_secret
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
    write_secret(state.admin_token, token)
    return token
