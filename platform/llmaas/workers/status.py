"""What the pools of a deployment do now, as values."""

from dataclasses import dataclass
from enum import StrEnum


class PoolState(StrEnum):
    """What a pool does now."""

    STOPPED = "stopped"
    FAILED = "failed"
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


@dataclass(frozen=True)
class PoolStatus:
    """One pool, for people and for `/health`."""

    pool: str
    state: PoolState
    stand_in: bool
    pinned: bool
    leases: int = 0
    pid: int | None = None
    n_ctx: int | None = None
    memory_bytes: int | None = None
    """Counted against the budget while it runs."""
    failures: int = 0
    reason: str | None = None
    """Of the last failure."""
