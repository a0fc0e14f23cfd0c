"""What this machine has to give."""

import os
import platform
from pathlib import Path

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_bytes() -> int:
    """Memory this process may use: the machine's, or its container's where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([total, *(limit for path in _CGROUP_LIMITS if (limit := _read_limit(path)))])


def worker_threads() -> int:
    """Threads of a worker: the cores this process may run on, but one, which is the gateway's."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def machine_name() -> str:
    """The host name, as answers report it in `backend.machine_name`."""
    return platform.node() or "localhost"


def _read_limit(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() and int(text) > 0 else None
