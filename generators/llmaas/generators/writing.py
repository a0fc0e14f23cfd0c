"""Putting generated files in place, so that a failure leaves nothing half-written.

    1. lock the bundle directory, against a second `generate`
    2. stage: write every changed file beside its place, down to the disk   (a full disk ends here)
    3. replace: rename them into place, each one atomically
    4. remove what earlier runs generated and this one does not
    5. replace the manifest

Between 3 and 5 the old manifest vouches for files that are no longer there. A reader refuses such a
directory (`BundleError`) and keeps what it serves; no mix of two bundles is ever valid, because
the manifest that would vouch for it was never written.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llmaas.generators.layout import Layout, shown
from llmaas.generators.orphans import find_orphans


@dataclass(frozen=True)
class Change:
    """One file that `write` replaced or removed."""

    path: Path
    action: Literal["written", "removed"]

    def __str__(self) -> str:
        return f"{self.action:7} {shown(self.path)}"


def write(layout: Layout, files: Mapping[str, str]) -> tuple[Change, ...]:
    """Make the directory hold `files`, and say what that took; what is right stays untouched.

    Raises:
        OSError: something could not be written; `filename` says what. Every file is as it was or as
            it should be, and writing again finishes the work.
    """
    with _naming(layout.bundle):
        layout.bundle.mkdir(parents=True, exist_ok=True)
    with _locked(layout.bundle):
        manifest = layout.root / layout.manifest
        texts = {layout.root / path: text for path, text in files.items()}
        changed = sorted(path for path, text in texts.items() if not _holds(path, text))
        changed.sort(key=lambda path: path == manifest)  # last; otherwise by name
        orphans = find_orphans(layout, files).ours
        staged = _stage({path: texts[path] for path in changed})
        try:
            for path, temporary in staged.items():
                if path == manifest:
                    _remove(orphans)
                with _naming(path):
                    temporary.replace(path)
        finally:
            _discard(staged)
        for directory in {path.parent for path in staged}:
            _sync(directory)
    return (
        *(Change(path, "written") for path in changed),
        *(Change(path, "removed") for path in orphans),
    )


def _stage(texts: Mapping[Path, str]) -> dict[Path, Path]:
    """Write each text to a temporary beside its place. After a failure none of them is left."""
    staged: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            # One fixed name: the lock keeps others out, and what a killed run left is used up.
            temporary = path.with_name(f".{path.name}.new")
            staged[path] = temporary
            with _naming(path), temporary.open("wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
    except BaseException:
        _discard(staged)
        raise
    return staged


def _discard(staged: Mapping[Path, Path]) -> None:
    for temporary in staged.values():
        with suppress(OSError):  # the failure that led here is the one to report
            temporary.unlink(missing_ok=True)


def _remove(paths: tuple[Path, ...]) -> None:
    for path in paths:
        with _naming(path):
            path.unlink(missing_ok=True)


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with _naming(directory):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with _naming(directory):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # which also unlocks


def _sync(directory: Path) -> None:
    """Renames reach the disk with their directory."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let a failure name the file at stake, not its temporary."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
