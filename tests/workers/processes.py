"""The worker processes that the test itself has started, and no other child of the test run."""

import psutil


def worker_processes() -> list[psutil.Process]:
    """Its children that are workers; other tests keep services running beside them."""
    return [child for child in psutil.Process().children() if "llmaas.workers" in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
