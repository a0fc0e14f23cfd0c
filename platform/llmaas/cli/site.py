"""The documentation that `up` serves: built when something it shows has changed, else reused."""

import hashlib
import shutil
from collections.abc import Callable
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from llmaas.cli.version import program_version

if TYPE_CHECKING:
    from llmaas.catalog import CatalogFile

Progress = Callable[[int, int | None], None]
MISSING = "the documentation needs the docs extra: pip install 'llmaas[docs]'"


def docs_available() -> bool:
    """Whether the packages that build the documentation are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("material", "mkdocs", "babel", "polib"))


def site_key(catalogue_sha256: str, today: date, *, stand_in: bool) -> str:
    """Changes with everything that a page shows: facts, day, program, texts, kind of weights."""
    digest = hashlib.sha256()
    for part in (catalogue_sha256, today.isoformat(), program_version(), str(stand_in)):
        digest.update(part.encode() + b"\0")
    for name, content in _sources(resources.files("llmaas.generators")):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:16]


def cached_site(
    catalog_file: "CatalogFile",
    docs_dir: Path,
    *,
    catalogue_sha256: str,
    today: date,
    stand_in: bool,
    progress: Progress,
) -> Path:
    """The built site in `docs_dir`; earlier ones are removed once the new one is in place."""
    site = docs_dir / site_key(catalogue_sha256, today, stand_in=stand_in)
    if not site.is_dir():
        docs_dir.mkdir(parents=True, exist_ok=True)
        # Built beside its place and renamed: a build that was interrupted is never served.
        building = Path(mkdtemp(prefix=".building-", dir=docs_dir))
        try:
            build(catalog_file, building, today=today, stand_in=stand_in, progress=progress)
            building.chmod(0o755)
            building.rename(site)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    for other in docs_dir.iterdir():
        if other != site:
            shutil.rmtree(other, ignore_errors=True)
    return site


def build(
    catalog_file: "CatalogFile",
    out_dir: Path,
    *,
    today: date,
    stand_in: bool,
    progress: Progress,
) -> None:
    """Build the site of every language into `out_dir`."""
    from llmaas.gateway import openapi_document
    from llmaas.generators.site import build_site

    build_site(
        catalog_file,
        out_dir,
        today=today,
        openapi=openapi_document,
        stand_in=stand_in,
        progress=progress,
    )


def _sources(directory: Traversable) -> list[tuple[str, bytes]]:
    """Code, templates and texts of the generators, by path."""
    found = []
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                found += [(f"{entry.name}/{name}", text) for name, text in _sources(entry)]
        else:
            found.append((entry.name, entry.read_bytes()))
    return found
