"""This machine, and others on which workers of this gateway run: `llmaas worker` listens there."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from llmaas.workers.deployment import ServedModel
from llmaas.workers.failures import LoadError
from llmaas.workers.instance import Instance, Supervision
from llmaas.workers.remote import connect_remote


@dataclass(frozen=True)
class RemoteMachine:
    """One of them, behind mutual TLS 1.3."""

    name: str
    """As the catalogue's fleet calls it, and answers report it."""
    host: str
    """As its certificate names it."""
    port: int
    tls: ssl.SSLContext
    """From `tls.client_context`."""
    memory_bytes: int
    """For all workers of this gateway together."""

    async def reach(self, served: ServedModel, limits: Supervision) -> tuple[Instance, int]:
        """A process there that waits for its model, and the bytes the model will need.

        Raises:
            LoadError: no such process can be had, or the weights are not there; says which.
        """
        try:
            connection = await connect_remote(self.host, self.port, self.tls)
        except OSError as error:
            reason = str(error) or type(error).__name__
            message = f"{self.name} ({self.host}:{self.port}) cannot be reached: {reason}"
            raise LoadError(message) from error
        instance = Instance(connection, limits, process=None, n_threads=0)
        try:
            return instance, await instance.measure(served)
        except LoadError as error:
            await instance.stop()
            raise LoadError(f"{self.name}: {error}") from error
        except BaseException:
            await instance.stop()
            raise


@dataclass(frozen=True)
class Machines:
    """Where runs take place."""

    here: str
    """The name of this machine."""
    memory_budget_bytes: int
    """Of this machine, for all its workers together."""
    n_threads: int
    """Of each worker here; leave a core to the gateway."""
    others: Mapping[str, RemoteMachine]

    def budget_bytes(self, name: str) -> int:
        """Of a machine."""
        other = self.others.get(name)
        return self.memory_budget_bytes if other is None else other.memory_bytes
