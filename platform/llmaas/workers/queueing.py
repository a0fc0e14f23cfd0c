"""Requests on their way to the engine: counted, cancellable, first come first served.

Three threads meet here: the reader opens, cancels and credits streams, the tokeniser puts what it
prepared, the engine takes it.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock
from typing import Generic, Protocol, TypeVar

from llmaas.workers.protocol import WINDOW

KEPT_FOR_OTHERS = 0.25
"""Of all places; one named owner never has these, so another one's request is not refused."""


class Streamed(Protocol):
    """A prepared request knows the stream on which it is answered."""

    @property
    def stream(self) -> int:
        """Number of the stream."""


RequestT = TypeVar("RequestT", bound=Streamed)
FoundT = TypeVar("FoundT")


class RequestQueue(Generic[RequestT]):
    """Streams are `open` from the moment a request is accepted until its last answer.

    Args:
        max_open: streams open at once, running and waiting together.
    """

    def __init__(self, max_open: int) -> None:
        self.max_open = max_open
        self._max_owned = max_open - int(max_open * KEPT_FOR_OTHERS)
        lock = Lock()
        self._changed = Condition(lock)
        self._ended = Condition(lock)
        self._news = False
        self._owners: dict[int, str] = {}
        self._have: Counter[str] = Counter()
        self._cancelled: set[int] = set()
        self._credit: dict[int, int] = {}
        self._ready: deque[RequestT] = deque()

    def __len__(self) -> int:
        return len(self._owners)

    def open(self, stream: int, owner: str = "") -> bool:
        """Accept a stream, or say that there are too many, of this owner or of all."""
        with self._changed:
            if len(self._owners) >= self.max_open:
                return False
            if owner and self._have[owner] >= self._max_owned:
                return False
            self._owners[stream] = owner
            self._have[owner] += 1
            self._credit[stream] = WINDOW
            return True

    def put(self, request: RequestT) -> None:
        """Hand a prepared request to the engine."""
        with self._changed:
            self._ready.append(request)
            self._tell()

    def cancel(self, stream: int) -> None:
        """The engine finds it at its next step; a stream already answered is left alone."""
        with self._changed:
            if stream in self._owners:
                self._cancelled.add(stream)
                self._tell()
                self._ended.notify_all()

    def grant(self, stream: int, deltas: int) -> None:
        """The reader of a stream has read so many more deltas."""
        with self._changed:
            if stream in self._credit:
                self._credit[stream] += deltas
                self._tell()

    def close(self, stream: int) -> None:
        """The stream has its last answer."""
        with self._changed:
            owner = self._owners.pop(stream, None)
            if owner is not None:
                self._have[owner] -= 1
                if not self._have[owner]:
                    del self._have[owner]
            self._credit.pop(stream, None)
            self._cancelled.discard(stream)
            self._ended.notify_all()

    def still_open(self, streams: Iterable[int]) -> set[int]:
        """Those of them that have no last answer yet."""
        return {stream for stream in streams if stream in self._owners}

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change what somebody in `wait_for` looks at."""
        with self._changed:
            yield
            self._ended.notify_all()

    def wait_for(self, ready: Callable[[], FoundT | None]) -> FoundT:
        """What `ready` finds; it is asked again when a stream has ended or was cancelled."""
        with self._changed:
            while (found := ready()) is None:
                self._ended.wait()
            return found

    def is_cancelled(self, stream: int) -> bool:
        """Whether nobody waits for the rest of a stream."""
        return stream in self._cancelled

    def credit(self, stream: int) -> int:
        """Deltas that may have been sent on a stream, from its beginning."""
        return self._credit.get(stream, 0)

    def take(self, *, wait: bool, timeout_s: float | None = None) -> list[RequestT]:
        """Every prepared request.

        Args:
            wait: for anything that happens: a request, a cancellation, credit.
            timeout_s: but no longer than this.
        """
        if not wait and not self._news:
            return []  # as between nearly all steps; what comes at this moment is seen at the next
        with self._changed:
            if wait and not self._news:
                self._changed.wait(timeout_s)
            self._news = False
            taken = list(self._ready)
            self._ready.clear()
            return taken

    def _tell(self) -> None:
        self._news = True
        self._changed.notify()
