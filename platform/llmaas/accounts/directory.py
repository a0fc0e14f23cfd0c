"""The directory of tenants and keys: what every request asks.

People change them elsewhere (`llmaas.accounts.administration`). What was read is kept in memory,
and a counter in the database tells when somebody changed something, in whichever process. On SQLite
requests ask the counter, unless one of them has just done so, and a revoked key stops in a blink.
On PostgreSQL it is asked twice a second beside the requests (`refresh`).
"""

import threading
import time

from llmaas.accounts import rows
from llmaas.accounts.store import Store
from llmaas.accounts.tenant import ApiKey, Tenant, UnknownTenantError
from llmaas.accounts.token import split_token

ASK_AGAIN_S = 0.05
"""How old what was read may be, when a request asks."""


class Directory:
    """Tenants and keys of one store, as requests ask for them."""

    def __init__(self, store: Store) -> None:
        """Use a store; it is not closed with the directory."""
        self._store = store
        self._version = -1
        self._asked = float("-inf")
        self._keys: dict[str, tuple[ApiKey, str]] = {}
        self._tenants: dict[str, Tenant] = {}
        self._refreshing = threading.Lock()

    def authenticate(self, token: str) -> ApiKey | None:
        """The key of a token; `None` when malformed, unknown, wrong, expired or revoked."""
        parts = split_token(token)
        if parts is None:
            return None
        if self._store.is_local and time.monotonic() - self._asked > ASK_AGAIN_S:
            self.refresh()
        key_id, secret = parts
        key, stored = self._keys.get(key_id, (None, ""))
        if not self._store.vault.matches(secret, stored) or key is None:
            return None
        tenant = self._tenants[key.tenant]
        valid = key.valid_at(self._store.clock_ms()) and tenant.closed_ms is None
        return key if valid else None

    def tenant(self, tenant_id: str) -> Tenant:
        """A tenant; its balance is as of the last change an administrator made.

        Raises:
            UnknownTenantError: no tenant has this id.
        """
        found = self._tenants.get(tenant_id)
        if found is None:
            self.refresh()
            found = self._tenants.get(tenant_id)
        if found is None:
            raise UnknownTenantError(tenant_id)
        return found

    def refresh(self) -> bool:
        """Read what has changed; returns whether something had."""
        # Requests and the thread beside them refresh at the same time: without the lock, what one
        # has read before a change could replace what the other has read after it, for good.
        with self._refreshing:
            self._asked = time.monotonic()
            version = self._store.accounts_version()
            if version == self._version:
                return False
            # The counter was asked first: a change in between is read now and once more later.
            vault = self._store.vault
            keys = self._store.read(lambda database: rows.keys_with_hashes(database, vault))
            # Tenants second and in place first: no key is seen without its tenant.
            tenants = self._store.read(lambda database: rows.tenants(database, vault))
            self._tenants = {tenant.id: tenant for tenant in tenants}
            self._keys = keys
            self._version = version
            return True
