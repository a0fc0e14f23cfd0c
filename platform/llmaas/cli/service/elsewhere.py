"""Machines of the catalogue's fleet that an operator has started `llmaas worker` on."""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import typer

from llmaas.bundle import Bundle
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.worker import PORT
from llmaas.workers import RemoteMachine
from llmaas.workers.tls import Identity, client_context


@dataclass(frozen=True)
class Elsewhere:
    """Where they listen, and who this gateway is to them."""

    addresses: tuple[tuple[str, str, int], ...] = ()
    """Name in the fleet, host as its certificate names it, port."""
    identity: Identity | None = None

    @property
    def names(self) -> frozenset[str]:
        """Of the machines."""
        return frozenset(name for name, _, _ in self.addresses)


NOWHERE = Elsewhere()


def elsewhere(
    machines: str | None, certificate: Path | None, key: Path | None, authority: Path | None
) -> Elsewhere:
    """What the options say.

    Raises:
        typer.BadParameter: one is malformed, or missing.
    """
    if not machines:
        return NOWHERE
    if certificate is None or key is None or authority is None:
        raise typer.BadParameter(
            "needs --certificate, --key and --authority: machines believe nobody without them",
            param_hint="--machines",
        )
    each = [part.strip() for part in machines.split(",") if part.strip()]
    addresses = tuple(_address(part) for part in each)
    if len({name for name, _, _ in addresses}) != len(addresses):
        raise typer.BadParameter("names a machine twice", param_hint="--machines")
    return Elsewhere(addresses, Identity(certificate, key, authority))


def _address(text: str) -> tuple[str, str, int]:
    name, _, address = text.partition("=")
    host, _, port = address.rpartition(":") if ":" in address else (address, "", str(PORT))
    if not name or not host or not port.isdecimal():
        raise typer.BadParameter(f"{text!r} is no NAME=HOST:PORT", param_hint="--machines")
    return name, host, int(port)


def remote_machines(asked: Elsewhere, bundle: Bundle) -> tuple[RemoteMachine, ...]:
    """The machines as workers know them; their memory is what the catalogue says.

    Raises:
        CommandError: one is not of the fleet, or the certificate's files are no use.
    """
    if asked.identity is None:
        return ()
    fleet = {machine.id: machine for machine in bundle.placement.machines}
    _require(asked.names - fleet.keys(), fleet)
    try:
        context = client_context(asked.identity)
    except (OSError, ssl.SSLError) as error:
        files = f"{asked.identity.certificate}, {asked.identity.key}, {asked.identity.authority}"
        raise CommandError(
            Exit.CANNOT_START,
            f"the certificate for other machines: {error}",
            f"check that {files} are readable and belong together",
        ) from error
    return tuple(
        RemoteMachine(
            name, host, port, context, fleet[name].gpus * fleet[name].memory_gib_per_gpu * 2**30
        )
        for name, host, port in asked.addresses
    )


def _require(unknown: Iterable[str], fleet: Iterable[str]) -> None:
    if missing := sorted(unknown):
        raise CommandError(
            Exit.CANNOT_START,
            f"--machines: not in the catalogue's fleet: {', '.join(missing)}",
            f"machines of the fleet: {', '.join(sorted(fleet))}",
        )
