"""Secrets of the accounts: sealed columns, and the hash of API keys.

Envelope encryption: the master secret never touches data. It wraps a data key (AES-256-GCM) that
seals columns, and the pepper with which API key secrets are hashed; both lie wrapped in the
database. A new master secret rewraps a few rows and comes with a new data key, with which
everything is sealed anew (see `rekeying`); no API key is lost by it.

    master secret ──HKDF──► wrapping key ──AES-256-GCM──► data keys · pepper
                                                            │          │
                                              sealed columns         HMAC-SHA256 of key secrets
"""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from llmaas.accounts.database import Database, DatabaseError

KEY_BYTES = 32
NONCE_BYTES = 12
COLUMNS, PEPPER = "columns", "pepper"


class VaultError(DatabaseError):
    """The master secret does not open this database."""


@dataclass(frozen=True)
class Vault:
    """The opened keys of one database."""

    pepper: bytes = field(repr=False)
    current: str
    """Id of the data key that seals."""
    data_keys: dict[str, AESGCM] = field(repr=False)
    """All that can unseal, by id."""

    def hash_secret(self, secret: str) -> str:
        """What is stored of the secret of an API key."""
        return hmac.digest(self.pepper, secret.encode(), "sha256").hex()

    def matches(self, secret: str, stored: str) -> bool:
        """Whether it is the secret that was stored, compared in constant time."""
        return hmac.compare_digest(self.hash_secret(secret), stored)

    @property
    def signing_secret(self) -> bytes:
        """With which webhooks are signed."""
        return hmac.new(self.pepper, b"llmaas webhooks", sha256).digest()

    @property
    def checkpoint_secret(self) -> bytes:
        """With which the audit trail's checkpoints are signed."""
        return hmac.new(self.pepper, b"llmaas audit checkpoints", sha256).digest()

    @property
    def history_secret(self) -> bytes:
        """With which gateways of one database name the prompts they remember together."""
        return hmac.new(self.pepper, b"llmaas prompt history", sha256).digest()

    def seal(self, text: str, place: str) -> str:
        """Encrypt a value for one place (`table.column:id`); it opens in no other."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self.data_keys[self.current].encrypt(nonce, text.encode(), place.encode())
        return f"{self.current}.{base64.b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, place: str) -> str:
        """Decrypt a value.

        Raises:
            VaultError: it was altered, moved from another place, or its data key is gone.
        """
        key_id, _, content = sealed.partition(".")
        try:
            data = base64.b64decode(content)
            key = self.data_keys[key_id]
            return key.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise VaultError(
                f"{place} cannot be decrypted: it was altered, or its data key is missing; "
                "restore the database from a backup"
            ) from error


def open_vault(database: Database, master: bytes, *, now_ms: int) -> Vault:
    """Unwrap the keys of a database; an empty one gets new keys.

    Raises:
        VaultError: this is not the master secret of the database.
    """
    if not _rows(database):
        with database.writing():
            if not _rows(database):  # another process may have been first
                for purpose in (COLUMNS, PEPPER):
                    _add(database, master, purpose, now_ms)
    pepper, current, data_keys = b"", "", {}
    for key_id, purpose, wrapped, retired in _rows(database):
        key = _unwrap(database, master, key_id, purpose, wrapped)
        if purpose == PEPPER:
            pepper = key
        else:
            data_keys[key_id] = AESGCM(key)
            current = current if retired else key_id
    return Vault(pepper, current, data_keys)


def renew(database: Database, old: bytes, new: bytes, *, now_ms: int) -> Vault:
    """Wrap every key with another master secret and add a data key, inside a transaction.

    What was sealed until now opens as before; sealing it anew is the caller's (see `rekeying`).

    Raises:
        VaultError: `old` is not the master secret of the database.
    """
    for key_id, purpose, wrapped, _ in _rows(database):
        key = _unwrap(database, old, key_id, purpose, wrapped)
        database.execute(
            "update wrapped_key set wrapped = ? where id = ?",
            (_wrap(new, key_id, purpose, key), key_id),
        )
    database.execute(
        "update wrapped_key set retired_ms = ? where purpose = ? and retired_ms is null",
        (now_ms, COLUMNS),
    )
    _add(database, new, COLUMNS, now_ms)
    return open_vault(database, new, now_ms=now_ms)


def _rows(database: Database) -> list[tuple[str, str, str, bool]]:
    rows = database.execute(
        "select id, purpose, wrapped, retired_ms from wrapped_key order by created_ms, id"
    )
    return [
        (str(key_id), str(of), str(wrapped), end is not None) for key_id, of, wrapped, end in rows
    ]


def _add(database: Database, master: bytes, purpose: str, now_ms: int) -> None:
    key_id = secrets.token_hex(4)
    wrapped = _wrap(master, key_id, purpose, secrets.token_bytes(KEY_BYTES))
    database.execute(
        "insert into wrapped_key values (?, ?, ?, ?, null)", (key_id, purpose, wrapped, now_ms)
    )


def _wrap(master: bytes, key_id: str, purpose: str, key: bytes) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    wrapped = _wrapping(master).encrypt(nonce, key, f"{purpose}:{key_id}".encode())
    return base64.b64encode(nonce + wrapped).decode()


def _unwrap(database: Database, master: bytes, key_id: str, purpose: str, wrapped: str) -> bytes:
    data = base64.b64decode(wrapped)
    place = f"{purpose}:{key_id}".encode()
    try:
        return _wrapping(master).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place)
    except InvalidTag as error:
        raise VaultError(
            f"{database.name}: the master secret is not the one of this database; "
            "give the secret it was made with (LLMAAS_SECRET_FILE)"
        ) from error


def _wrapping(master: bytes) -> AESGCM:
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"llmaas wrapping key").derive(master)
    return AESGCM(derived)
