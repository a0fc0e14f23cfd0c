"""What becomes of the workers when other models are to be served: a decision on plain values.

`pools` acts on it. A worker goes on untouched where what it loaded stays the same; whether a model
is pinned is no matter of its process.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import msgspec

from llmaas.workers.deployment import ServedModel


class ReconfigurationFailed(Exception):  # noqa: N818 - reads as what happened
    """A model of the new deployment cannot be served; the old one goes on as it was."""

    def __init__(self, pool: str, reason: str) -> None:
        super().__init__(f"{pool}: {reason}")
        self.pool = pool
        self.reason = reason


@dataclass(frozen=True)
class Reconfiguration:
    """Every pool of both deployments, in one of these; each in the order of its deployment."""

    keep: tuple[str, ...]
    """The same model as before: its worker, or that it has none, stays."""
    start: tuple[str, ...]
    """Must be running before anything is switched: pinned, or to replace a worker that runs."""
    check: tuple[str, ...]
    """Nobody waits for it, so it is loaded to see that it can be, and stopped again."""
    retire: tuple[str, ...]
    """Its worker of the old deployment drains and stops after the switch; many are replaced."""

    @property
    def load(self) -> tuple[str, ...]:
        """What has to load for the switch to happen; what is checked first, for it makes room."""
        return (*self.check, *self.start)


def reconfiguration_for(
    before: Mapping[str, ServedModel],
    after: Mapping[str, ServedModel],
    *,
    running: Collection[str],
) -> Reconfiguration:
    """What to do with every pool.

    Args:
        before: what is served now, by pool.
        after: what is to be served.
        running: pools of `before` that have a worker, started or starting.
    """
    keep, start, check = [], [], []
    for pool, served in after.items():
        same = pool in before and loads_the_same(before[pool], served)
        if same and (pool in running or not served.spec.pinned):
            keep.append(pool)
        elif served.spec.pinned or pool in running:
            start.append(pool)
        else:
            check.append(pool)
    kept = {pool for pool in before if pool in after and loads_the_same(before[pool], after[pool])}
    return Reconfiguration(
        keep=tuple(keep),
        start=tuple(start),
        check=tuple(check),
        retire=tuple(pool for pool in before if pool not in kept),
    )


def loads_the_same(one: ServedModel, other: ServedModel) -> bool:
    """Whether a process that loaded the one can go on as the other."""
    return _loaded(one) == _loaded(other)


def _loaded(served: ServedModel) -> ServedModel:
    return replace(served, spec=msgspec.structs.replace(served.spec, pinned=False))
