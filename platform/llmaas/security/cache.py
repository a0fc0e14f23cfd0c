"""Assessments of texts seen before: clients send the whole conversation again at every turn."""

import hashlib
import secrets
from collections import OrderedDict
from threading import Lock

from llmaas.security.assessment import Assessment


class KeyedDigest:
    """Digests under a key that lives as long as the process: they identify, and reveal nothing."""

    def __init__(self, key: bytes | None = None) -> None:
        """A random key unless one is given (tests)."""
        self._key = key if key is not None else secrets.token_bytes(32)

    def __call__(self, *parts: str) -> bytes:
        """16 bytes; equal for equal parts only."""
        digest = hashlib.blake2b(digest_size=16, key=self._key)
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big"))
            digest.update(data)
        return digest.digest()


class AssessmentCache:
    """Least recently used first out. Views are dropped: no text is kept."""

    def __init__(self, capacity: int = 20_000) -> None:
        """`capacity` entries of at most a few hundred bytes."""
        self._capacity = capacity
        self._entries: OrderedDict[bytes, Assessment] = OrderedDict()
        self._lock = Lock()

    def get(self, digest: bytes) -> Assessment | None:
        """What was found for the text with this digest."""
        with self._lock:
            found = self._entries.get(digest)
            if found is not None:
                self._entries.move_to_end(digest)
            return found

    def put(self, digest: bytes, assessment: Assessment) -> None:
        """Remember an assessment; one that was cut short is not worth remembering."""
        if assessment.degraded:
            return
        with self._lock:
            self._entries[digest] = assessment.without_text()
            self._entries.move_to_end(digest)
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
