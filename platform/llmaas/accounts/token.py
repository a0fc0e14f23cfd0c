"""The text of an API key: `llmaas_<id>_<secret>`.

The id is public: it names the key in lists, logs and the audit trail, and finds its row in one
lookup. The secret is 256 random bits, so a fast keyed hash of it (see `vault`) is as hard to
reverse as the secret is to guess; a slow password hash would only slow down every request.
"""

import base64
import re
import secrets

PREFIX = "llmaas"
ID_BYTES = 10
SECRET_BYTES = 32

_TOKEN = re.compile(r"llmaas_([a-z2-7]{16})_([a-z2-7]{52})", re.ASCII)


def new_token() -> tuple[str, str, str]:
    """A fresh key as `(token, id, secret)`."""
    key_id = _base32(secrets.token_bytes(ID_BYTES))
    secret = _base32(secrets.token_bytes(SECRET_BYTES))
    return f"{PREFIX}_{key_id}_{secret}", key_id, secret


def split_token(token: str) -> tuple[str, str] | None:
    """`(id, secret)` of a well-formed token, otherwise `None`."""
    match = _TOKEN.fullmatch(token)
    return None if match is None else (match[1], match[2])


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower().rstrip("=")
