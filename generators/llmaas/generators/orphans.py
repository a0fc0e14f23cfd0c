"""Files in a bundle directory that nothing generates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from llmaas.bundle.directory import MANIFEST
from llmaas.generators.layout import Layout

BESIDE_A_BUNDLE = frozenset({"__init__.py", "__pycache__"})
"""What a bundle directory may hold that is not generated: the package that ships it."""


@dataclass(frozen=True)
class Orphans:
    """What is left over, by whether it may be removed.

    `ours` was generated once: the manifest of an earlier run lists it. `foreign` was put there by
    somebody else, perhaps because another directory was meant, and is never touched.
    """

    ours: tuple[Path, ...]
    foreign: tuple[Path, ...]


def find_orphans(layout: Layout, files: Mapping[str, str]) -> Orphans:
    """What the bundle directory holds beside `files`; dotfiles belong to tools and do not count."""
    expected = {(layout.root / path).resolve() for path in files}
    left_over = [path for path in _content(layout.bundle) if path.resolve() not in expected]
    listed = _listed(layout.bundle / MANIFEST)
    return Orphans(
        ours=tuple(path for path in left_over if path.name in listed),
        foreign=tuple(path for path in left_over if path.name not in listed),
    )


def _content(directory: Path) -> Iterator[Path]:
    if directory.is_dir():
        for path in sorted(directory.iterdir()):
            if not path.name.startswith(".") and path.name not in BESIDE_A_BUNDLE:
                yield path


class _Listed(msgspec.Struct):
    path: str


class _Index(msgspec.Struct):
    """What the manifests of all schema versions have in common."""

    files: list[_Listed]


def _listed(manifest: Path) -> frozenset[str]:
    try:
        index = msgspec.json.decode(manifest.read_bytes(), type=_Index)
    except (OSError, msgspec.DecodeError):
        return frozenset()
    return frozenset(entry.path for entry in index.files)
