"""The control socket: how a command on this machine tells the running service what to do.

A Unix socket in the state directory, which only its owner can enter. The kernel says who connected,
so there is no credential to keep, and nothing of it can be reached from the network.

    command → service   one line of JSON: what to serve
    service → command   lines of JSON: steps as they are done, then how it ended
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from llmaas.cli.service.who import peer

SOCKET = "control"
ACCEPT_AGAIN_S = 1.0
_LINE_BYTES = 2**16

_log = logging.getLogger(__name__)


class Serve(msgspec.Struct, frozen=True):
    """Serve this bundle of the store."""

    bundle: str
    action: Literal["apply", "rollback"]


class Step(msgspec.Struct, frozen=True, tag="step"):
    """Something is done."""

    text: str


class Served(msgspec.Struct, frozen=True, tag="served", kw_only=True):
    """It is served now."""

    bundle: str
    url: str
    catalogue_sha256: str
    previous: str | None
    """Bundle that was served before."""
    ending: int
    """Requests that end on the one before."""
    started: tuple[str, ...]
    """Pools whose new worker was started."""
    kept: int
    """Pools with the same model as before."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It is not served; the one before goes on."""

    reason: str


Answer = Step | Served | Refused
Say = Callable[[Step], Coroutine[Any, Any, None]]
Handle = Callable[[Serve, str, Say], Awaitable[Served | Refused]]
"""What to do, who asks, and how to tell about steps."""


class NotRunning(Exception):  # noqa: N818 - reads as what is the case
    """No service listens in this state directory."""


class Vanished(Exception):  # noqa: N818 - reads as what happened
    """The service ended before it answered."""


@asynccontextmanager
async def listening(directory: Path, handle: Handle) -> AsyncIterator[None]:
    """Answer commands until the block ends. The directory's lock must be held."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.setblocking(False)
    place = directory / SOCKET
    with _short(directory) as short:
        place.unlink(missing_ok=True)  # left behind by a crash; the lock says nobody uses it
        listener.bind(f"{short}/{SOCKET}")
    place.chmod(0o600)
    listener.listen(8)
    accepting = asyncio.create_task(_accept(listener, handle))
    try:
        yield
    finally:
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
        listener.close()
        place.unlink(missing_ok=True)


async def _accept(listener: socket.socket, handle: Handle) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as conversations:
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:
                # Too many open files, say: what is being carried out goes on, and so does this.
                _log.exception("a command could not connect")
                await asyncio.sleep(ACCEPT_AGAIN_S)
            else:
                conversations.create_task(_converse(connection, handle))


async def _converse(connection: socket.socket, handle: Handle) -> None:
    loop = asyncio.get_running_loop()

    async def say(answer: Answer) -> None:
        # A command that was interrupted does not stop what it began.
        with suppress(OSError):
            await loop.sock_sendall(connection, msgspec.json.encode(answer) + b"\n")

    with connection:
        try:
            connection.setblocking(False)
            asked = msgspec.json.decode(await _line(connection), type=Serve)
            await say(await handle(asked, peer(connection), say))
        except (OSError, msgspec.DecodeError) as error:
            await say(Refused(f"not understood: {error}"))
        except Exception as error:
            _log.exception("a command was not carried out")
            await say(Refused(f"{type(error).__name__}: {error}; the service's log has more"))


async def _line(connection: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    line = b""
    while not line.endswith(b"\n") and len(line) < _LINE_BYTES:
        read = await loop.sock_recv(connection, _LINE_BYTES)
        if not read:
            break
        line += read
    return line


def tell(directory: Path, serve: Serve, *, on_step: Callable[[str], None]) -> Served | Refused:
    """Ask the service of a state directory, and wait for how it ends.

    Raises:
        NotRunning: there is none.
        Vanished: it ended before it answered.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            with _short(directory) as short:
                connection.connect(f"{short}/{SOCKET}")
            connection.sendall(msgspec.json.encode(serve) + b"\n")
            with connection.makefile("rb") as lines:
                for line in lines:
                    answer: Answer = msgspec.json.decode(line, type=Answer)
                    if not isinstance(answer, Step):
                        return answer
                    on_step(answer.text)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NotRunning("no service is running here") from error
        except (OSError, msgspec.DecodeError) as error:
            raise Vanished(str(error)) from error
    raise Vanished("the connection was closed")


@contextmanager
def _short(directory: Path) -> Iterator[str]:
    """A path of few bytes: that of a socket may have 107, and state directories lie deep."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
