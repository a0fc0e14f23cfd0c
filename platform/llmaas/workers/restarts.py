"""When a failed pool may try again: a decision on plain values."""

from dataclasses import dataclass

_LONGEST_DELAY_S = 60.0


@dataclass(frozen=True)
class Failures:
    """What is known of a pool's recent failures."""

    count: int
    """In a row, without a stable run in between."""
    reason: str
    """Of the last one."""
    retry_at: float
    """On the clock of `after_failure`'s `now`."""


def after_failure(
    previous: Failures | None, *, reason: str, now: float, ran_s: float, stable_after_s: float
) -> Failures:
    """The record after one more failure; a stable run clears what was before it.

    Args:
        previous: the record so far.
        reason: of this failure.
        now: seconds on any clock.
        ran_s: how long the worker was ready; 0 when it never was.
        stable_after_s: a run this long clears the record.
    """
    count = 1 if previous is None or ran_s >= stable_after_s else previous.count + 1
    return Failures(count=count, reason=reason, retry_at=now + restart_delay_s(count))


def restart_delay_s(failures: int) -> float:
    """At once after the first failure, then 1, 2, 4 … 60 seconds."""
    return 0.0 if failures <= 1 else min(2.0 ** (failures - 2), _LONGEST_DELAY_S)
