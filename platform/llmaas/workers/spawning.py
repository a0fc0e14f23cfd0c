"""Starting a worker process with one end of a connection."""

import os
import socket
import subprocess
import sys


def spawn_worker(pool: str, connection: socket.socket) -> subprocess.Popen[bytes]:
    """Start a process that waits for its `Load` on `connection`, which it inherits."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [
            sys.executable,
            "-m",
            "llmaas.workers",
            "--pool",
            pool,
            "--fd",
            f"{connection.fileno()}",
        ],
        pass_fds=[connection.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # An abort would otherwise start a debugger first, and end only after it.
        env={**os.environ, "GGML_NO_BACKTRACE": "1"},
        # Ctrl-C goes to a terminal's process group: the gateway decides when workers end.
        process_group=0,
    )
