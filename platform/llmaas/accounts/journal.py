"""The journal: what running streams have produced, so that a crash loses no token and no client.

A file beside the database, written before a client sees what is written about. A record is handed
to the kernel and not waited for: that outlives the death of the process at any moment (`kill -9`),
which is what happens; a loss of power may take the last moments of running streams with it, never
a completed answer, which is in the database.

    Opened    a stream was admitted
    Produced  its tokens so far
    Closed    it is in the ledger

What was opened and not closed when its writer died is settled by the next start, with the tokens of
its last record. The writer's lock on the file tells the dead from the living.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4
from zlib import crc32

import msgspec

from llmaas.accounts.ledger import LedgerEntry, Request
from llmaas.accounts.prices import Usage

COMPACT_BYTES = 8 * 2**20
FRESH = ".new"
_HEAD = struct.Struct("<II")


class Opened(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A stream was admitted."""

    number: int
    request: Request


class Produced(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """What it has used so far."""

    number: int
    at_ms: int
    usage: Usage


class Closed(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """It is in the ledger."""

    number: int


Record = Opened | Produced | Closed
_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Record)


@dataclass
class _Stream:
    request: Request
    produced: Produced | None = None


class Journal:
    """The journal of one process."""

    def __init__(self, directory: Path) -> None:
        """Begin a journal in a directory, which is made if need be."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = directory / f"{uuid4().hex}.journal"
        self._file = _locked(self._path)
        self._bytes = 0
        self._number = 0
        self._open: dict[int, _Stream] = {}

    def opened(self, request: Request) -> int:
        """Note a stream; returns its number in this journal."""
        self._number += 1
        self._open[self._number] = _Stream(request)
        self._write(Opened(self._number, request))
        return self._number

    def produced(self, number: int, at_ms: int, usage: Usage) -> None:
        """Note what a stream has used so far, before the client sees it."""
        record = self._open[number].produced = Produced(number, at_ms, usage)
        self._write(record)

    def closed(self, number: int) -> None:
        """Note that a stream is in the ledger."""
        if self._open.pop(number, None) is not None:
            self._write(Closed(number))
            if self._bytes > COMPACT_BYTES:
                self._compact()

    def close(self) -> None:
        """End the journal; without open streams, its file is removed."""
        if not self._open:
            self._path.unlink(missing_ok=True)
        os.close(self._file)

    def _write(self, record: Record) -> None:
        frame = _frame(record)
        if os.write(self._file, frame) < len(frame):
            # What follows a torn record is not read: it must not stay.
            os.ftruncate(self._file, self._bytes)
            raise _no_room(self._path)
        self._bytes += len(frame)

    def _compact(self) -> None:
        """Begin the file anew with the streams that are open."""
        fresh = self._path.with_suffix(f".journal{FRESH}")
        file = _locked(fresh)
        frames = []
        for number, stream in self._open.items():
            frames.append(_frame(Opened(number, stream.request)))
            if stream.produced is not None:
                frames.append(_frame(stream.produced))
        content = b"".join(frames)
        try:
            if os.write(file, content) < len(content):
                raise _no_room(fresh)
            os.fsync(file)
            fresh.replace(self._path)
        except OSError:  # the old file goes on
            os.close(file)
            fresh.unlink(missing_ok=True)
            raise
        os.close(self._file)
        self._file, self._bytes = file, len(content)


@dataclass(frozen=True)
class Left:
    """The journal of a process that died, held against everyone else while it is settled."""

    path: Path
    entries: tuple[LedgerEntry, ...]


def left_behind(directory: Path) -> Iterator[Left]:
    """The journals whose writers are dead, one after the other; settle each, it is then removed.

    A journal is kept when settling it fails.
    """
    for path in sorted(directory.glob("*.journal*")):
        file = _lock_if_dead(path)
        if file is None:
            continue
        try:
            if path.suffix == FRESH:  # its writer died before it replaced the old one
                path.unlink()
                continue
            yield Left(path, tuple(_unsettled(path.read_bytes())))
            path.unlink(missing_ok=True)
        finally:
            os.close(file)


def _no_room(path: Path) -> OSError:
    return OSError(errno.ENOSPC, "no room for a record of the journal", str(path))


def _unsettled(content: bytes) -> Iterator[LedgerEntry]:
    streams: dict[int, _Stream] = {}
    for record in _records(content):
        if isinstance(record, Opened):
            streams[record.number] = _Stream(record.request)
        elif isinstance(record, Closed):
            streams.pop(record.number, None)
        elif record.number in streams:
            streams[record.number].produced = record
    for stream in streams.values():
        if stream.produced is not None:
            yield LedgerEntry(
                request=stream.request,
                settled_ms=stream.produced.at_ms,
                usage=stream.produced.usage,
                outcome="broken",
            )


def _records(content: bytes) -> Iterator[Record]:
    """Every whole record; what follows a torn one was never acted on."""
    at = 0
    while at + _HEAD.size <= len(content):
        length, checksum = _HEAD.unpack_from(content, at)
        payload = content[at + _HEAD.size : at + _HEAD.size + length]
        if len(payload) < length or crc32(payload) != checksum:
            return
        yield _decoder.decode(payload)
        at += _HEAD.size + length


def _frame(record: Record) -> bytes:
    payload = _encode(record)
    return _HEAD.pack(len(payload), crc32(payload)) + payload


def _locked(path: Path) -> int:
    """A new file, locked before anyone could take it for one of the dead."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if _is(file, path):
            return file
        os.close(file)


def _lock_if_dead(path: Path) -> int | None:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    if not _is(file, path):
        os.close(file)
        return None
    return file


def _is(file: int, path: Path) -> bool:
    """Whether this is still the file at a path."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
