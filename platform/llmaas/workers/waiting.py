"""Who is next: priority first, then whoever has least, then whoever came first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar


class Waits(Protocol):
    """What is known of a request that waits."""

    @property
    def owner(self) -> str:
        """Whose request it is."""

    @property
    def priority(self) -> int:
        """Lower goes first."""


WaitsT = TypeVar("WaitsT", bound=Waits)


class WaitingLine(Generic[WaitsT]):
    """Requests that have not joined yet, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: list[WaitsT] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[WaitsT]:
        return iter(list(self._waiting))

    def add(self, request: WaitsT, *, first: bool = False) -> None:
        """Line up; `first` is for one that ran before and had to make room."""
        self._waiting.insert(0 if first else len(self._waiting), request)

    def remove(self, request: WaitsT) -> None:
        """Leave the line."""
        self._waiting.remove(request)

    def next(self, running: Iterable[WaitsT]) -> WaitsT | None:
        """Who should join now; it stays in line until it is removed.

        An owner with a hundred requests and one with a single one take turns: among equals of
        priority, the one with the fewest running sequences is next.
        """
        have = Counter(request.owner for request in running)
        return min(
            self._waiting, key=lambda request: (request.priority, have[request.owner]), default=None
        )
