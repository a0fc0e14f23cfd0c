"""Requests on their way to the engine: counted, cancellable, first come first served.

Three threads meet here: the reader opens and cancels streams, the tokeniser puts what it prepared,
the engine takes it.
"""

from collections import deque
from threading import Condition
from typing import Generic, Protocol, TypeVar


class Streamed(Protocol):
    """A prepared request knows the stream on which it is answered."""

    @property
    def stream(self) -> int:
        """Number of the stream."""


RequestT = TypeVar("RequestT", bound=Streamed)


class RequestQueue(Generic[RequestT]):
    """Streams this worker has accepted and not yet answered in full.

    Args:
        max_open: streams open at once, running and waiting together.
    """

    def __init__(self, max_open: int) -> None:
        self.max_open = max_open
        self._changed = Condition()
        self._open: set[int] = set()
        self._cancelled: set[int] = set()
        self._ready: deque[RequestT] = deque()

    def open(self, stream: int) -> bool:
        """Accept a stream, or say that there are too many."""
        with self._changed:
            if len(self._open) >= self.max_open:
                return False
            self._open.add(stream)
            return True

    def put(self, request: RequestT) -> None:
        """Hand a prepared request to the engine."""
        with self._changed:
            self._ready.append(request)
            self._changed.notify()

    def cancel(self, stream: int) -> None:
        """The engine finds it at its next step; a stream already answered is left alone."""
        with self._changed:
            if stream in self._open:
                self._cancelled.add(stream)

    def close(self, stream: int) -> None:
        """The stream has its last answer."""
        with self._changed:
            self._open.discard(stream)
            self._cancelled.discard(stream)

    def is_cancelled(self, stream: int) -> bool:
        """Whether nobody waits for the rest of a stream."""
        return stream in self._cancelled

    def take(self, count: int, *, wait: bool) -> list[RequestT]:
        """Up to `count` requests; with `wait`, at least one."""
        with self._changed:
            while wait and not self._ready:
                self._changed.wait()
            return [self._ready.popleft() for _ in range(min(count, len(self._ready)))]

    def withdraw_cancelled(self) -> list[RequestT]:
        """Remove and return what was cancelled before the engine took it."""
        if not self._cancelled:
            return []
        with self._changed:
            withdrawn = [r for r in self._ready if r.stream in self._cancelled]
            self._ready = deque(r for r in self._ready if r.stream not in self._cancelled)
            return withdrawn
