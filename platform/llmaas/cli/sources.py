"""Where a command gets the service's facts from: a catalogue, or the bundle shipped with llmaas."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmaas.bundle import Bundle, BundleError, read_bundle, read_manifest
from llmaas.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from llmaas.catalog import CatalogFile, Problem

USUAL_PLACES = (Path("catalog/models_config.yaml"), Path("models_config.yaml"))


@dataclass(frozen=True)
class Source:
    """A service's facts; `catalog_file` is `None` where only a compiled bundle is at hand."""

    bundle: Bundle
    catalogue_sha256: str
    catalog_file: "CatalogFile | None"
    origin: str
    """For people: where the facts come from."""


def find_catalog(given: Path | None) -> Path | None:
    """The catalogue that was asked for, or the one in a usual place, or none.

    Raises:
        CommandError: the one that was asked for is no file.
    """
    if given is not None:
        if not given.is_file():
            raise CommandError(
                Exit.USAGE,
                f"{given}: {'not a file' if given.exists() else 'no such file'}",
                "give the path of a catalogue, or write a first one with `llmaas init`",
            )
        return given
    return next((path for path in USUAL_PLACES if path.is_file()), None)


def require_catalog(given: Path | None) -> Path:
    """`find_catalog`, for commands that cannot do without.

    Raises:
        CommandError: there is none.
    """
    found = find_catalog(given)
    if found is None:
        raise CommandError(
            Exit.USAGE,
            f"no catalogue here: neither {' nor '.join(map(str, USUAL_PLACES))}",
            "name one, or write a first one with `llmaas init`",
        )
    return found


def read_valid(path: Path) -> "CatalogFile":
    """A catalogue without errors. Warnings are for `llmaas check` to tell.

    Raises:
        CommandError: it has errors; they are printed as `llmaas check` prints them.
    """
    from llmaas.catalog import read_catalog, render_problems

    catalog_file = read_catalog(path)
    if catalog_file.catalog is None or errors_of(catalog_file.problems):
        print(render_problems(catalog_file.problems, "text").rstrip(), file=sys.stderr)
        raise CommandError(
            Exit.PROBLEMS,
            f"{path} has errors, so nothing was done with it",
            "mend them and run the command again; `llmaas check` shows what is left",
        )
    return catalog_file


def errors_of(problems: "Iterable[Problem]") -> "list[Problem]":
    """Those that must be mended; the others are warnings."""
    return [problem for problem in problems if problem.severity == "error"]


def load_source(given: Path | None) -> Source:
    """The catalogue, compiled; without one, the reference bundle shipped with llmaas.

    Raises:
        CommandError: the catalogue has errors or does not exist.
    """
    path = find_catalog(given)
    if path is None:
        from llmaas.reference import reference_directory

        return load_bundle(reference_directory(), origin="the reference catalogue of llmaas")
    from llmaas.generators import catalogue_sha256, compile_bundle

    catalog_file = read_valid(path)
    assert catalog_file.catalog is not None
    return Source(
        bundle=compile_bundle(catalog_file.catalog),
        catalogue_sha256=catalogue_sha256(catalog_file.catalog),
        catalog_file=catalog_file,
        origin=str(path),
    )


def load_bundle(directory: Path, *, origin: str | None = None) -> Source:
    """A compiled bundle, verified.

    Raises:
        CommandError: it is missing, altered or of another version.
    """
    try:
        return Source(
            bundle=read_bundle(directory),
            catalogue_sha256=read_manifest(directory).catalogue_sha256,
            catalog_file=None,
            origin=origin or str(directory),
        )
    except BundleError as error:
        raise CommandError(Exit.PROBLEMS, str(error)) from error
