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
        env={
            # llama.cpp's threads wait for each other some hundred times in a step, and spin
            # meanwhile: for milliseconds by default, in which whoever they wait for may be kept
            # from its core by the gateway. After some 20 µs it is better to let go.
            "GOMP_SPINCOUNT": "2000",
            **os.environ,
            # An abort would otherwise start a debugger first, and end only after it.
            "GGML_NO_BACKTRACE": "1",
        },
        # Ctrl-C goes to a terminal's process group: the gateway decides when workers end.
        process_group=0,
    )
