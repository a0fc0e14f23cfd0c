"""Sliding windows: how much was used in the last hour or day, and when enough of it has passed."""

from collections import deque


class SlidingWindow:
    """Amounts of the last `length_s` seconds.

    Amounts are kept by whole second, so memory is bounded by the length and not by traffic. An
    amount counts for at least `length_s` and for less than one second longer: however a window of
    that length is laid over the past, no more than the limit is in it.
    """

    __slots__ = ("_seconds", "length_s", "total")

    def __init__(self, length_s: int) -> None:
        self.length_s = length_s
        self.total = 0
        self._seconds: deque[tuple[int, int]] = deque()

    def add(self, at_ms: int, amount: int) -> None:
        """Count an amount. A clock that went back is counted at the last second there was."""
        if amount == 0:
            return
        second = at_ms // 1000
        self.total += amount
        if self._seconds and self._seconds[-1][0] >= second:
            last, before = self._seconds.pop()
            self._seconds.append((last, before + amount))
        else:
            self._seconds.append((second, amount))

    def used(self, at_ms: int) -> int:
        """What is in the window now; forgets what has left it."""
        horizon = at_ms // 1000 - self.length_s
        while self._seconds and self._seconds[0][0] < horizon:
            self.total -= self._seconds.popleft()[1]
        return self.total

    def empty_in_s(self, at_ms: int) -> int:
        """Whole seconds until the window is empty; 0 when it is."""
        if not self.used(at_ms):
            return 0
        return max(1, self._seconds[-1][0] + self.length_s + 1 - at_ms // 1000)

    def wait_s(self, at_ms: int, amount: int) -> int | None:
        """Whole seconds until so much has left the window; `None` when it holds less."""
        if amount <= 0:
            return 0
        self.used(at_ms)
        left = 0
        for second, passed in self._seconds:
            left += passed
            if left >= amount:
                return max(1, second + self.length_s + 1 - at_ms // 1000)
        return None
