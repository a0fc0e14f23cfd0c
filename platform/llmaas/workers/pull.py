"""Downloads weights from a model hub: resumed where it broke off, named only when verified.

What a weights directory holds:

    weights_dir/
      owner--name/
        model.gguf               complete and verified
        model.gguf.part          what has arrived of a running or interrupted download
        model.gguf.part.json     which version of the file that is
        model.gguf.lock          held while a download runs; it may stay, unheld it means nothing
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import httpx

from llmaas.bundle import WeightsFile
from llmaas.workers.hub import (
    AlreadyPulling,
    ChecksumMismatch,
    DiskFull,
    Interrupted,
    PullError,
    RemoteFile,
    describe,
)
from llmaas.workers.part import Part
from llmaas.workers.weights import OutsideWeightsError, weights_path

DEFAULT_ENDPOINT = "https://huggingface.co"
Progress = Callable[[int, int], None]
"""Told the bytes done and the bytes in total, over all parts of a split file."""

ATTEMPTS = 4
"""Connections tried in a row without a byte arriving before a pull gives up."""
CHUNK = 1 << 16
SPARE_BYTES = 64 << 20
"""Left free on the disk."""
TIMEOUT = httpx.Timeout(30, connect=15)
SPLIT = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


def split_names(file: str) -> list[str]:
    """The names of all parts of a split file, or the one name of a whole one."""
    match = SPLIT.search(file)
    if match is None:
        return [file]
    stem, count = file[: match.start()], int(match[2])
    return [f"{stem}-{part:05}-of-{count:05}.gguf" for part in range(1, count + 1)]


def pull(
    weights: WeightsFile,
    weights_dir: Path,
    *,
    endpoint: str = DEFAULT_ENDPOINT,
    token: str | None = None,
    progress: Progress | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Download a weights file, with all its parts where it is split.

    A file that is there already and hashes to what the catalogue says is not asked for again.

    Args:
        weights: the repository and file, and the checksum where the catalogue knows it.
        weights_dir: directory of all pulled weights.
        endpoint: the hub (`HF_ENDPOINT`).
        token: sent to the hub alone, never to the host that it redirects to (`HF_TOKEN`).
        progress: told what has arrived, many times a second.
        pause: waits so many seconds before the next attempt.

    Returns:
        The path of the file; the first part's where it is split.

    Raises:
        PullError: see its tree in `llmaas.workers.hub`.
    """
    try:
        path = weights_path(weights, weights_dir)
    except OutsideWeightsError as error:
        raise PullError(str(error)) from error
    if weights.sha256 and path.exists() and split_names(weights.file) == [weights.file]:
        hashed, size = hashlib.sha256(), path.stat().st_size
        _hash_file(path, hashed)
        if hashed.hexdigest() == weights.sha256:
            (progress or _silent)(size, size)
            return path
    headers = {"accept-encoding": "identity", "user-agent": "llmaas"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    with httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=True) as client:
        remotes = [
            describe(client, endpoint.rstrip("/"), part, weights_dir, has_token=bool(token))
            for part in _parts(weights)
        ]
        total = sum(remote.size for remote in remotes)
        missing = sum(_missing(remote) for remote in remotes)
        _check_space(weights_dir, missing)
        done = 0
        for remote in remotes:
            with _only_one(remote.path):
                start = done

                def report(arrived: int, start: int = start) -> None:
                    (progress or _silent)(start + arrived, total)

                if not _is_there(remote):
                    _download(client, remote, report, pause)
                done += remote.size
                report(remote.size)
    return weights_path(_parts(weights)[0], weights_dir)


def _parts(weights: WeightsFile) -> list[WeightsFile]:
    """One entry per part; a checksum belongs to the part that the catalogue names."""
    return [
        WeightsFile(
            repository=weights.repository,
            file=name,
            quantisation=weights.quantisation,
            sha256=weights.sha256 if name == weights.file else None,
        )
        for name in split_names(weights.file)
    ]


def _silent(_done: int, _total: int) -> None:
    """No progress wanted."""


# ── one file ───────────────────────────────────────────────────────────────────────────────────


def _download(
    client: httpx.Client,
    remote: RemoteFile,
    report: Callable[[int], None],
    pause: Callable[[float], None],
) -> None:
    """Fetch a file into its part, as often as it takes, then verify it and give it its name."""
    part = Part(remote)
    failures = 0
    while True:
        before = part.arrived()
        try:
            digest = _fetch(client, remote, report)
            break
        except httpx.RequestError as error:
            arrived = part.arrived()
            failures = 1 if arrived > before else failures + 1
            if failures >= ATTEMPTS:
                raise Interrupted(
                    f"{remote.path.name}: the connection broke after {arrived:,} of "
                    f"{remote.size:,} bytes ({error or type(error).__name__}); they are kept, the "
                    "same command resumes there"
                ) from error
            pause(2.0 ** (failures - 1))
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise DiskFull(
                f"{part.path}: the disk is full; free space, the same command resumes"
            ) from error
    size = part.path.stat().st_size
    if size != remote.size or (remote.sha256 and digest != remote.sha256):
        part.discard()
        raise ChecksumMismatch(
            f"{remote.path.name}: {size:,} bytes with sha256 {digest} arrived instead of "
            f"{remote.size:,} with {remote.sha256 or 'an unknown one'}; they were deleted. Pull "
            "again; if it happens again, the file was changed on the way or on the hub"
        )
    part.path.replace(remote.path)
    part.discard()


def _fetch(client: httpx.Client, remote: RemoteFile, report: Callable[[int], None]) -> str:
    """Append to the part what it lacks, or begin again; return the hash of the whole."""
    part = Part(remote)
    offset = part.arrived()
    hashed = hashlib.sha256()
    _hash_file(part.path, hashed) if offset else part.discard()
    if offset == remote.size:
        return hashed.hexdigest()
    headers = {}
    if offset:
        headers["range"] = f"bytes={offset}-"
        if etag := part.etag():
            headers["if-range"] = etag
    with client.stream("GET", remote.url, headers=headers) as response:
        if remote.url.startswith("https:") and response.url.scheme != "https":
            raise PullError(f"{remote.url}: redirects to {response.url.host} without encryption")
        resumes = response.headers.get("content-range", "").startswith(f"bytes {offset}-")
        if response.status_code >= 400 or (response.status_code == 206 and not resumes):
            raise httpx.RemoteProtocolError(f"{response.url.host} answered {response.status_code}")
        if response.status_code != 206:
            offset, hashed = 0, hashlib.sha256()
            part.record(response.headers.get("etag", ""))
        with part.path.open("ab" if offset else "wb") as file:
            for chunk in response.iter_raw(CHUNK):
                _write(file, chunk)
                hashed.update(chunk)
                offset += len(chunk)
                report(min(offset, remote.size))
                if offset > remote.size:
                    break
            os.fsync(file.fileno())
    return hashed.hexdigest()


def _write(file: BinaryIO, chunk: bytes) -> None:
    """Write through, so that what was counted is what a crash leaves."""
    file.write(chunk)
    file.flush()


def _is_there(remote: RemoteFile) -> bool:
    """Whether the file has been pulled before; one that differs is pulled again."""
    if not remote.path.exists() or remote.path.stat().st_size != remote.size:
        return False
    hashed = hashlib.sha256()
    if remote.sha256:
        _hash_file(remote.path, hashed)
    return remote.sha256 in {None, hashed.hexdigest()}


def _hash_file(path: Path, hashed: "hashlib._Hash") -> None:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            hashed.update(chunk)


def _missing(remote: RemoteFile) -> int:
    """Bytes of a file that still need room on the disk."""
    if remote.path.exists() and remote.path.stat().st_size == remote.size:
        return 0
    return remote.size - Part(remote).arrived()


def _check_space(directory: Path, needed: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < needed + SPARE_BYTES:
        raise DiskFull(
            f"{directory}: {needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free; free "
            "space or choose another weights directory"
        )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a file's lock; the system frees it when the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyPulling(
                f"{path.name}: another pull of this file is running; wait for it to end"
            ) from error
        yield
