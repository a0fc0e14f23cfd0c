"""A port, taken before the slow steps begin, so that a conflict is told at once."""

import errno
import socket
from dataclasses import dataclass

from llmaas.cli.exits import CommandError, Exit


@dataclass(frozen=True)
class Listener:
    """An address this process owns. Keep it alive until the server has stopped."""

    host: str
    address: str
    port: int
    reserved: socket.socket

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.address == "::1" or self.address.startswith("127.")


def take_port(host: str, port: int) -> Listener:
    """Bind `host:port`; port 0 picks a free one.

    The first bind is exclusive and finds every other listener. After it the socket admits
    sharing (SO_REUSEPORT), so the HTTP server of this process can listen on the same port while
    this socket, which never listens, keeps others out.

    Raises:
        CommandError: it is taken, forbidden, or no address of this machine.
    """
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CommandError(
            Exit.CANNOT_START,
            f"--host {host}: {error.strerror}",
            "give an address of this machine, such as 127.0.0.1",
        ) from error
    reserved = socket.socket(family, kind, protocol)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind(target)
    except OSError as error:
        reserved.close()
        raise _refused(host, port, error) from error
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    address, bound = reserved.getsockname()[:2]
    return Listener(host=host, address=address, port=bound, reserved=reserved)


def _refused(host: str, port: int, error: OSError) -> CommandError:
    match error.errno:
        case errno.EADDRINUSE:
            return CommandError(
                Exit.CANNOT_START,
                f"port {port} on {host} is in use by another program",
                "stop that program, or choose another port with --port (0 picks a free one)",
            )
        case errno.EACCES | errno.EPERM:
            return CommandError(
                Exit.CANNOT_START,
                f"port {port} on {host} needs privileges this user does not have",
                "choose a port above 1023 with --port",
            )
        case _:
            return CommandError(
                Exit.CANNOT_START,
                f"cannot listen on {host}, port {port}: {error.strerror}",
                "give an address of this machine with --host, such as 127.0.0.1",
            )
