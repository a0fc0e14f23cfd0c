"""Every bundle that was applied, and which one is served.

    bundles/<id>/           a verified bundle; never changed once it is there
    bundles/<id>.yaml       the catalogue it was compiled from
    bundles/history.jsonl   who had which one served, when, and what came of it
    bundle -> bundles/<id>  what is served now, or at the next start

A bundle is staged beside its place and renamed into it, and the link is replaced by a rename, so
neither is ever seen half done. The id begins like the stamp on answers (`x-llmaas-catalogue`) and
ends with digits of the manifest's hash: another generator makes another bundle.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from llmaas.bundle import BundleError, read_bundle, read_manifest
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.history import Entry

KEPT = 50
"""Applied bundles that are kept for a rollback."""
_CATALOGUE_DIGITS, _MANIFEST_DIGITS = 12, 8


@dataclass(frozen=True)
class BundleStore:
    """The bundles of one state directory."""

    root: Path
    link: Path

    def publish(self, files: Mapping[str, str], *, catalogue: bytes | None) -> str:
        """Put a bundle into the store, verified, and return its id; what is served stays.

        Args:
            files: as `bundle_files` makes them.
            catalogue: the YAML they were compiled from, where there is one.

        Raises:
            BundleError: the files are no bundle that this program serves.
            OSError: they cannot be written; nothing is left behind.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".staged-", dir=self.root) as work:
            staged = Path(work) / "bundle"
            staged.mkdir()
            for name, text in files.items():
                _write(staged / name, text.encode())
            read_bundle(staged)
            _sync(staged)
            bundle = bundle_id(staged)
            if catalogue is not None:
                _write(Path(work) / "catalogue", catalogue)
                (Path(work) / "catalogue").replace(self.catalogue(bundle))
            if not self._intact(bundle):
                shutil.rmtree(self.directory(bundle), ignore_errors=True)
                staged.rename(self.directory(bundle))
            _sync(self.root)
        return bundle

    def directory(self, bundle: str) -> Path:
        """Where a bundle is."""
        return self.root / bundle

    def catalogue(self, bundle: str) -> Path:
        """Where its catalogue is; not every bundle has one."""
        return self.root / f"{bundle}.yaml"

    @property
    def current(self) -> str | None:
        """The id of what is served, or at the next start."""
        try:
            return self.link.readlink().name
        except OSError:
            return None

    def point_to(self, bundle: str) -> None:
        """Make it what is served, in one step."""
        if self.link.is_dir() and not self.link.is_symlink():
            shutil.rmtree(self.link)  # made by a version that kept one bundle only
        staged = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        staged.unlink(missing_ok=True)
        staged.symlink_to(self.directory(bundle).relative_to(self.link.parent))
        staged.replace(self.link)
        _sync(self.link.parent)

    def record(self, entry: Entry) -> None:
        """Add to the history, and forget bundles that nobody can want back."""
        line = msgspec.json.encode(entry) + b"\n"
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._history.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._forget()

    def history(self) -> tuple[Entry, ...]:
        """Every entry, oldest first; a line that was cut off by a crash is left out."""
        try:
            lines = self._history.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        entries = []
        for line in lines:
            with suppress(msgspec.DecodeError):
                entries.append(msgspec.json.decode(line, type=Entry))
        return tuple(entries)

    def before(self, bundle: str | None) -> str | None:
        """What was served before `bundle`, as far as it is still here."""
        served = [entry.bundle for entry in self.history() if entry.outcome == "serving"]
        return next((each for each in reversed(served) if self._there(each, bundle)), None)

    def find(self, prefix: str) -> str:
        """The one bundle whose id begins so.

        Raises:
            CommandError: there is none, or there are several.
        """
        found = sorted(each for each in self._bundles() if each.startswith(prefix))
        if len(found) != 1:
            raise CommandError(
                Exit.USAGE,
                f"{len(found) or 'no'} applied bundle{'s' if found else ''} with an id that begins "
                f"with {prefix!r}",
                "`llmaas apply --history` shows them",
            )
        return found[0]

    @property
    def _history(self) -> Path:
        return self.root / "history.jsonl"

    def _bundles(self) -> Iterator[str]:
        if self.root.is_dir():
            for path in self.root.iterdir():
                if path.is_dir() and not path.name.startswith("."):
                    yield path.name

    def _there(self, bundle: str, other: str | None) -> bool:
        return bundle != other and self.directory(bundle).is_dir()

    def _intact(self, bundle: str) -> bool:
        try:
            read_bundle(self.directory(bundle))
        except BundleError:
            return False
        return True

    def _forget(self) -> None:
        recent = list(dict.fromkeys(entry.bundle for entry in reversed(self.history())))
        keep = {*recent[:KEPT], self.current}
        for bundle in set(self._bundles()) & set(recent) - keep:
            self.catalogue(bundle).unlink(missing_ok=True)
            shutil.rmtree(self.directory(bundle), ignore_errors=True)


def bundle_id(directory: Path) -> str:
    """The name of a bundle in the store.

    Raises:
        BundleError: the directory has no manifest that this program reads.
    """
    catalogue = read_manifest(directory).catalogue_sha256
    manifest = sha256((directory / "manifest.json").read_bytes()).hexdigest()
    return f"{catalogue[:_CATALOGUE_DIGITS]}-{manifest[:_MANIFEST_DIGITS]}"


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """A full disk names no file by itself."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _write(path: Path, content: bytes) -> None:
    with _naming(path), path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
