"""Bundles as directories: encoded for a reviewable diff, verified before a byte is believed.

directory/
  manifest.json      schema version, catalogue hash, sha256 of every other file
  service.json  routing.json  lifecycle.json  prices.json  tiers.json  security.json
  workers.json  placement.json
  openapi.json       and other documents the manifest vouches for
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from llmaas.bundle.tables import SCHEMA_VERSION, Bundle, Manifest, ManifestFile

MANIFEST = "manifest.json"


class BundleError(Exception):
    """A bundle directory that must not be served; the message names the file and the remedy."""


def to_json(value: object) -> str:
    """Sorted, indented JSON: one fact per line, the same bytes for the same facts."""
    encoded = msgspec.json.encode(value, order="sorted")
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def bundle_files(
    bundle: Bundle, *, catalogue_sha256: str, documents: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The files of a bundle directory by name, the manifest last.

    Args:
        bundle: the compiled tables.
        catalogue_sha256: hash of the catalogue they were compiled from.
        documents: further files the bundle carries and the manifest vouches for.
    """
    files = {
        f"{name}.json": to_json(getattr(bundle, name)) for name in sorted(Bundle.__struct_fields__)
    }
    files |= documents or {}
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        catalogue_sha256=catalogue_sha256,
        files=tuple(
            ManifestFile(path=name, sha256=sha256(text.encode()).hexdigest())
            for name, text in sorted(files.items())
        ),
    )
    return {**files, MANIFEST: to_json(manifest)}


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest alone.

    Raises:
        BundleError: it is missing, unreadable, of another schema version, or vouches for what lies
            outside of the directory.
    """
    try:
        manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise BundleError(
            f"{directory}: no {MANIFEST}, so this is no bundle; write one with `llmaas generate`"
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise BundleError(
            f"{directory / MANIFEST}: {error}; run `llmaas generate` again"
        ) from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise BundleError(
            f"{directory / MANIFEST}: schema version {manifest.schema_version}, this program reads "
            f"{SCHEMA_VERSION}; generate the bundle with the same version of llmaas that serves it"
        )
    for entry in manifest.files:
        # Whoever copies a bundle writes these names: none may lead out of where they are written.
        if entry.path in {"", ".", ".."} or Path(entry.path).name != entry.path:
            raise BundleError(
                f"{directory / MANIFEST}: {entry.path!r} is not the name of a file in it; "
                "take this bundle from where it was generated"
            )
    return manifest


def read_document(directory: Path, name: str) -> bytes:
    """Read one file that the manifest vouches for.

    Raises:
        BundleError: the file is not listed, missing, or not what the manifest says it is.
    """
    return _verified(directory, read_manifest(directory), name)


def read_bundle(directory: Path) -> Bundle:
    """Read and verify a bundle directory.

    Raises:
        BundleError: a file is missing, altered, or does not fit its table.
    """
    manifest = read_manifest(directory)
    for entry in manifest.files:
        _verified(directory, manifest, entry.path)
    tables = {}
    for field in msgspec.structs.fields(Bundle):
        name = f"{field.name}.json"
        try:
            tables[field.name] = msgspec.json.decode(
                _verified(directory, manifest, name), type=field.type
            )
        except msgspec.DecodeError as error:
            raise BundleError(
                f"{directory / name}: {error}; run `llmaas generate` again"
            ) from error
    return Bundle(**tables)


def _verified(directory: Path, manifest: Manifest, name: str) -> bytes:
    expected = {entry.path: entry.sha256 for entry in manifest.files}.get(name)
    if expected is None:
        raise BundleError(f"{directory / MANIFEST}: {name} is not listed; run `llmaas generate`")
    try:
        content = (directory / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{directory / name}: {error.strerror}; run `llmaas generate`") from error
    if sha256(content).hexdigest() != expected:
        raise BundleError(
            f"{directory / name}: altered since it was generated; run `llmaas generate`"
        )
    return content
