"""Which workers make room for another one: a decision on plain values, acted on elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from llmaas.workers.memory import format_bytes


@dataclass(frozen=True)
class Resident:
    """A worker that has memory, or has been promised some."""

    pool: str
    memory_bytes: int
    pinned: bool
    leases: int
    """Requests it is answering or about to answer."""
    last_used: float
    """Seconds on any clock; larger is later."""


@dataclass(frozen=True)
class Refusal:
    """The target can never be started; the message has the numbers."""

    message: str


def eviction_for(
    pool: str, memory_bytes: int, residents: Sequence[Resident], *, budget_bytes: int
) -> tuple[str, ...] | Refusal:
    """The pools to stop so that `pool` fits, in the order in which to stop them; often none.

    Idle workers go first, the least recently used before others. Where they are not enough, busy
    ones follow in the same order: those finish their requests before they are stopped. Pinned ones
    stay. No more are stopped than needed.

    Args:
        pool: to be started.
        memory_bytes: what it needs.
        residents: workers whose memory counts, without those already told to stop.
        budget_bytes: for all workers together.
    """
    pinned = sum(resident.memory_bytes for resident in residents if resident.pinned)
    if memory_bytes + pinned > budget_bytes:
        return Refusal(
            f"{pool} needs {format_bytes(memory_bytes)}; of the memory budget of "
            f"{format_bytes(budget_bytes)}, pinned models keep {format_bytes(pinned)}"
        )
    missing = memory_bytes + sum(r.memory_bytes for r in residents) - budget_bytes
    stopped: list[Resident] = []
    for resident in sorted(residents, key=lambda r: (r.leases > 0, r.last_used)):
        if missing <= 0:
            break
        if not resident.pinned:
            stopped.append(resident)
            missing -= resident.memory_bytes
    return tuple(resident.pool for resident in _spare(stopped, -missing))


def _spare(stopped: list[Resident], surplus_bytes: int) -> list[Resident]:
    """Take back what a larger one, stopped later, has made unnecessary; the latest used first."""
    kept: list[Resident] = []
    for resident in reversed(stopped):
        if resident.memory_bytes <= surplus_bytes:
            surplus_bytes -= resident.memory_bytes
        else:
            kept.append(resident)
    return kept[::-1]
