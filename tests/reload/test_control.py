"""The control socket outlives what happens to single connections."""

import asyncio
import errno
import socket
from pathlib import Path
from typing import Any

import pytest

from llmaas.cli.service import control
from llmaas.cli.service.control import Refused, Serve, listening, tell


async def refuse(asked: Serve, by: str, say: Any) -> Refused:
    return Refused(f"{asked.bundle} is not wanted")


def test_a_service_out_of_files_takes_commands_again_when_it_has_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ACCEPT_AGAIN_S", 0.0)

    async def run() -> Any:
        loop: Any = asyncio.get_running_loop()
        accept, failures = loop.sock_accept, iter([OSError(errno.EMFILE, "too many open files")])

        async def sock_accept(listener: socket.socket) -> Any:
            if (error := next(failures, None)) is not None:
                raise error
            return await accept(listener)

        loop.sock_accept = sock_accept
        async with listening(tmp_path, refuse):
            asked = Serve("a bundle", "apply")
            return await asyncio.wait_for(
                asyncio.to_thread(tell, tmp_path, asked, on_step=print), 10
            )

    assert asyncio.run(run()) == Refused("a bundle is not wanted")
