"""The volatile memory of check_behavior: what a key sent last, bounded in size, number and time.

In memory only, never on disk and never logged. One process sees what passes through it: with
several gateway processes, each counts its own share of a key's requests until they share a store.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

TAILS = 4
TAIL_LENGTH = 200
"""Characters kept of each of the last prompts, folded: enough for a rule to reach across."""


@dataclass(frozen=True, slots=True)
class History:
    """The recent past of one key (and user). About one KiB."""

    tails: tuple[str, ...] = ()
    """Folded tails of the last prompts, oldest first; a long prompt leaves none, it is no
    fragment."""
    last_digest: bytes = b""
    """Keyed digest of the last prompt."""
    run: int = 0
    """Times the last prompt was sent in a row."""
    run_began_at: float = 0.0


class HistoryStore(Protocol):
    """Where histories live. Both calls are quick and never raise for a missing key."""

    def get(self, key: bytes) -> History:
        """The history of a key; an empty one when there is none or it is too old."""

    def put(self, key: bytes, history: History) -> None:
        """Remember it; the least recently used is forgotten when there are too many."""


class MemoryHistoryStore:
    """Histories of this process, for `ttl_s` after the last request of a key."""

    def __init__(
        self, *, clock: Callable[[], float], ttl_s: float = 600.0, capacity: int = 50_000
    ) -> None:
        """`clock` is monotonic, in seconds."""
        self._clock = clock
        self._ttl_s = ttl_s
        self._capacity = capacity
        self._entries: OrderedDict[bytes, tuple[float, History]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> History:
        """See `HistoryStore`."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return History()
            if self._clock() - entry[0] > self._ttl_s:
                del self._entries[key]
                return History()
            return entry[1]

    def put(self, key: bytes, history: History) -> None:
        """See `HistoryStore`. Also drops what has expired, oldest first."""
        now = self._clock()
        with self._lock:
            self._entries[key] = (now, history)
            self._entries.move_to_end(key)
            while self._entries:
                oldest = next(iter(self._entries))
                expired = now - self._entries[oldest][0] > self._ttl_s
                if not expired and len(self._entries) <= self._capacity:
                    break
                del self._entries[oldest]

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._entries)
