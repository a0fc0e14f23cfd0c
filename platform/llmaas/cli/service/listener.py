"""A port, taken before the slow steps begin, so that a conflict is told at once."""

import socket
from dataclasses import dataclass
from ipaddress import ip_address

from llmaas.cli.exits import CommandError, Exit
from llmaas.gateway import ListenError, listen, local_url


@dataclass(frozen=True)
class Listener:
    """An address of this machine that nobody else can take any more."""

    host: str
    """As it was asked for."""
    address: str
    port: int
    socket: socket.socket

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it."""
        return local_url(self.host, self.port)

    @property
    def api_base_url(self) -> str | None:
        """What the pages that are served here tell readers to call.

        `None` where it listens on every address: which of them readers use is not known.
        """
        return None if ip_address(self.address).is_unspecified else f"{self.url}/v1"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.address).is_loopback


def take_port(host: str, port: int) -> Listener:
    """Listen on `host:port`; port 0 picks a free one.

    Raises:
        CommandError: it is taken, forbidden, or no address of this machine.
    """
    try:
        opened = listen(host, port)
    except ListenError as error:
        raise CommandError(
            Exit.CANNOT_START,
            str(error),
            "--port chooses another port (0 picks a free one), --host another address",
        ) from error
    address, bound = opened.getsockname()[:2]
    return Listener(host=host, address=address, port=bound, socket=opened)
