"""The documentation that `up` serves: built when something it shows has changed, else reused."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.version import program_version

if TYPE_CHECKING:
    from llmaas.catalog import CatalogFile

Progress = Callable[[int, int | None], None]


def site_key(
    catalogue_sha256: str, today: date, *, stand_in: bool, api_base_url: str | None
) -> str:
    """Changes with everything that a page shows: facts, day, program, texts, weights, address."""
    digest = hashlib.sha256()
    shown = (catalogue_sha256, today.isoformat(), program_version(), str(stand_in), api_base_url)
    for part in shown:
        digest.update(f"{part}\0".encode())
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
    api_base_url: str | None,
    progress: Progress,
    keep: Path | None = None,
) -> Path:
    """The built site in `docs_dir`; earlier ones but `keep` are removed once it is in place.

    Raises:
        CommandError: it cannot be built.
    """
    key = site_key(catalogue_sha256, today, stand_in=stand_in, api_base_url=api_base_url)
    site = docs_dir / key
    if not site.is_dir():
        build(
            catalog_file,
            site,
            today=today,
            stand_in=stand_in,
            progress=progress,
            api_base_url=api_base_url,
        )
    for other in docs_dir.iterdir():
        if other not in {site, keep}:
            shutil.rmtree(other, ignore_errors=True)
    return site


def build(
    catalog_file: "CatalogFile",
    out_dir: Path,
    *,
    today: date,
    stand_in: bool,
    progress: Progress,
    strict: bool = False,
    base_path: str = "/docs/",
    api_base_url: str | None = None,
) -> None:
    """Build the site of every language in the place of what `out_dir` holds.

    `api_base_url` is what the samples call, by default the address that the catalogue names.

    Raises:
        CommandError: it cannot be built; `out_dir` is as it was.
    """
    from llmaas.gateway import openapi_document
    from llmaas.generators.site import DocsError, DocsUnavailable, build_site

    try:
        build_site(
            catalog_file,
            out_dir.absolute(),
            today=today,
            openapi=openapi_document,
            stand_in=stand_in,
            progress=progress,
            strict=strict,
            base_path=base_path,
            api_base_url=api_base_url,
        )
    except DocsUnavailable as error:
        raise CommandError(Exit.CANNOT_START, str(error)) from error
    except DocsError as error:
        raise CommandError(Exit.PROBLEMS, str(error)) from error


def docs_available() -> bool:
    """Whether the packages that build the documentation are installed."""
    from importlib.util import find_spec

    from llmaas.generators.site.build import REQUIRED

    return all(find_spec(name) is not None for name in REQUIRED)


def _sources(directory: Traversable) -> Iterator[tuple[str, bytes]]:
    """Code, theme, templates and texts, by path."""
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if entry.is_file():
            yield entry.name, entry.read_bytes()
        elif entry.name != "__pycache__":
            for name, content in _sources(entry):
                yield f"{entry.name}/{name}", content
