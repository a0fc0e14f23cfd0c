"""A Valkey or Redis of our own, for tests of what several processes share."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from tests.missing import missing


@contextmanager
def running_valkey(directory: Path, *options: str) -> Iterator[str]:
    """Its URL; it keeps nothing on disk unless `options` say so."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        missing("neither Valkey nor Redis is installed (apt-get install redis-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bare = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([found, *bare, *options], cwd=directory, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}"
    try:
        with redis.Redis.from_url(url) as client:
            for _ in range(200):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.02)
        yield url
    finally:
        server.terminate()
        server.wait(20)
