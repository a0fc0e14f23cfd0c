"""Who may call: API keys and the store that keeps them."""

from llmaas.accounts.keys import ApiKey, KeyStore, KeyStoreError, UnknownKeyError

__all__ = ["ApiKey", "KeyStore", "KeyStoreError", "UnknownKeyError"]
