"""The prompt-security layer of one bundle, and what outlives it."""

# ruff: noqa: PLC0415 - numpy is loaded where a layer runs, not where the API is described

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from llmaas.bundle import Bundle, SecurityException, SecurityPolicy

if TYPE_CHECKING:
    # Only a running layer needs numpy: `llmaas check` describes the API without it.
    from llmaas.security import KeyedDigest, MemoryHistoryStore, Policy, Screen
    from llmaas.security.shared_history import SharedHistory


@dataclass(frozen=True)
class Screening:
    """The layer of one bundle; `memory` outlives it."""

    screen: "Screen"
    default: "Policy"
    table: SecurityPolicy
    shared: "SharedHistory | None" = None

    def policy_of(self, tenant: str | None, day: date) -> "Policy":
        """The policy of a customer, with the exception granted to it that still holds."""
        exception = self.exception_of(tenant, day)
        if exception is None:
            return self.default
        flag, block = exception.flag_score, exception.block_score
        return replace(
            self.default,
            mode=exception.mode,
            flag=self.default.flag if flag is None else float(flag),
            block=self.default.block if block is None else float(block),
            disabled_rules=frozenset(exception.disabled_rules),
        )

    def exception_of(self, tenant: str | None, day: date) -> SecurityException | None:
        """The exception granted to a customer that holds on a day; of several the last."""
        for exception in reversed(self.table.exceptions):
            if exception.tenant == tenant and day <= exception.until:
                return exception
        return None


@dataclass(frozen=True)
class ScreeningMemory:
    """What outlives a bundle: the history of keys, and texts seen before, under a random key."""

    store: "MemoryHistoryStore"
    digest: "KeyedDigest"
    shared: "SharedHistory | None" = None
    """Histories that other processes add to; `None` where this process is the only one."""

    @classmethod
    def fresh(cls, clock: Callable[[], float] = time.monotonic) -> "ScreeningMemory":
        """Nothing remembered yet."""
        from llmaas.security import KeyedDigest, MemoryHistoryStore

        return cls(MemoryHistoryStore(clock=clock), KeyedDigest())

    @classmethod
    def shared_by_processes(
        cls,
        url: str,
        *,
        secret: bytes,
        now_ms: Callable[[], int],
    ) -> "ScreeningMemory":
        """What other processes with the same secret remember in a Valkey or Redis."""
        from llmaas.security import KeyedDigest, MemoryHistoryStore
        from llmaas.security.shared_history import SharedHistory

        shared = SharedHistory(url, now_ms=now_ms, clock=time.monotonic)
        return cls(MemoryHistoryStore(clock=time.monotonic), KeyedDigest(secret), shared)

    async def close(self) -> None:
        """Let go of what is shared."""
        if self.shared is not None:
            await self.shared.close()


def screening_of(bundle: Bundle, memory: ScreeningMemory | None = None) -> Screening | None:
    """The layer as a bundle wants it; `None` where it is switched off."""
    table = bundle.security
    if not table.enabled or not table.checks:
        return None
    from llmaas.security import AssessmentCache, Screen, engine_of, policy_of

    memory = memory or ScreeningMemory.fresh()
    engine = engine_of(table, clock=time.monotonic)
    # Assessments depend on the rules, so their cache does not outlive the bundle.
    screen = Screen(engine, memory.store, AssessmentCache(), memory.digest)
    return Screening(screen, policy_of(table), table, memory.shared)
