"""Starting a worker process with one end of a connection."""

import os
import socket
import subprocess
import sys
from pathlib import Path


def spawn_worker(
    pool: str, connection: socket.socket, weights_dir: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that waits for its `Load` on `connection`, which it inherits.

    Args:
        pool: for the reader of a process list.
        connection: the process's end.
        weights_dir: its own, where the gateway is on another machine.
    """
    own = [] if weights_dir is None else ["--weights-dir", str(weights_dir)]
    return subprocess.Popen(  # noqa: S603 - our own program
        [
            sys.executable,
            "-m",
            "llmaas.workers",
            "--pool",
            pool,
            "--fd",
            f"{connection.fileno()}",
            *own,
        ],
        pass_fds=[connection.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # An abort would otherwise start a debugger first, and end only after it.
        env={**os.environ, "GGML_NO_BACKTRACE": "1"},
        # Ctrl-C goes to a terminal's process group: the gateway decides when workers end.
        process_group=0,
    )
