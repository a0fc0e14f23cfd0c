"""The volatile memory of check_behavior: what a key sent last, bounded in size, number and time.

It has no text: traces (`traces`) and keyed digests. In memory only, never on disk and never logged.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Protocol

import msgspec

TRACES = 4
TRACE_LENGTH = 200
"""Characters kept of each of the last prompts: enough for a rule to reach across."""
TTL_S = 600.0
"""After the last request of a key."""
KEYS = 50_000
"""Keys that are remembered; the least recent ones make room."""


class Sent(msgspec.Struct, frozen=True):
    """A prompt, as it is remembered."""

    digest: bytes
    trace: str | None
    """Its end; `None` for a long prompt, which is no piece of an attack."""


class History(msgspec.Struct, frozen=True):
    """The recent past of one key (and user). About one KiB."""

    traces: tuple[str, ...] = ()
    """Of the last prompts, oldest first."""
    last_digest: bytes = b""
    """Keyed digest of the last prompt."""
    run: int = 0
    """Times the last prompt was sent in a row."""
    run_began_at: float = 0.0

    def and_then(self, sent: Sent, *, now: float, window_s: float) -> "History":
        """The history with one more prompt; a run that is older than `window_s` begins again."""
        if sent.digest == self.last_digest and now - self.run_began_at <= window_s:
            return History(self.traces, sent.digest, self.run + 1, self.run_began_at)
        traces = () if sent.trace is None else (*self.traces, sent.trace)[-TRACES:]
        return History(traces, sent.digest, 1, now)


class Step(msgspec.Struct, frozen=True):
    """What a prompt adds to a history."""

    before: tuple[str, ...]
    """Traces of the prompts before it."""
    run: int
    """Times it was now sent in a row."""


class HistoryUnavailableError(Exception):
    """The store that processes share does not answer, or is not one to keep a history in."""


class HistoryStore(Protocol):
    """Where the histories of this process live."""

    def advance(self, key: bytes, sent: Sent, *, window_s: float) -> Step:
        """Remember a prompt of a key, and tell what was there before; one step for other threads.

        The least recently used key is forgotten when there are too many.
        """


class MemoryHistoryStore:
    """Histories of this process, for `ttl_s` after the last request of a key."""

    def __init__(
        self, *, clock: Callable[[], float], ttl_s: float = TTL_S, capacity: int = KEYS
    ) -> None:
        """`clock` is monotonic, in seconds."""
        self._clock = clock
        self._ttl_s = ttl_s
        self._capacity = capacity
        self._entries: OrderedDict[bytes, tuple[float, History]] = OrderedDict()
        self._lock = Lock()

    def advance(self, key: bytes, sent: Sent, *, window_s: float) -> Step:
        """See `HistoryStore`. Also drops what has expired, oldest first."""
        now = self._clock()
        with self._lock:
            at, before = self._entries.pop(key, (now, History()))
            if now - at > self._ttl_s:
                before = History()
            after = before.and_then(sent, now=now, window_s=window_s)
            self._entries[key] = (now, after)
            while self._entries:
                oldest = next(iter(self._entries))
                expired = now - self._entries[oldest][0] > self._ttl_s
                if not expired and len(self._entries) <= self._capacity:
                    break
                del self._entries[oldest]
        return Step(before.traces, after.run)

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._entries)
