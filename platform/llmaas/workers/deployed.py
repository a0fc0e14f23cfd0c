"""The pools of one deployment, as one version of the service sees them.

A request leases from the deployment it began with. So it is answered by the model that its version
promised, although another version may have taken over in the meantime.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from llmaas.workers.lease import Lease
from llmaas.workers.status import PoolStatus

NOT_HERE = ""
"""No slot: another deployment may have a worker of that name."""


@dataclass(eq=False, frozen=True)
class DeployedPools:
    """Made by `Workers`, which outlives it."""

    slots: Mapping[str, str]
    """By pool: under which name its worker is kept; two deployments with one model share it."""
    lease_of: Callable[[str, str], AbstractAsyncContextManager[Lease]]
    status_of: Callable[[str, str], PoolStatus]
    on_release: Callable[["DeployedPools"], None]

    def lease(self, pool: str) -> AbstractAsyncContextManager[Lease]:
        """Hold a ready worker of `pool`, starting one if there is none.

        Entering raises `WorkerUnavailable` when it cannot be started, or not now.
        """
        return self.lease_of(pool, self.slots.get(pool, NOT_HERE))

    def status(self) -> list[PoolStatus]:
        """Every pool, in the order of the deployment."""
        return [self.status_of(pool, slot) for pool, slot in self.slots.items()]

    def release(self) -> None:
        """No request of this deployment is left: workers that no other one has drain and stop."""
        self.on_release(self)
