"""What is derived from a catalogue: `check` compares it, `generate` writes it."""

from collections.abc import Sequence
from pathlib import Path

from llmaas.catalog import CatalogFile
from llmaas.catalog.diagnostics import Problem
from llmaas.cli.catalog.remembered import openapi_of
from llmaas.generators import Layout, compare, generated_files, layout_of
from llmaas.generators.files import OPENAPI


def drift(catalog_file: CatalogFile, bundle_dir: Path | None) -> Sequence[Problem]:
    """Generated files that are missing, stale or nobody's.

    An operator who has not generated anything yet has nothing that could be stale.
    """
    layout = layout_of(catalog_file.path, bundle=bundle_dir)
    if layout.schema is None and bundle_dir is None and not layout.bundle.exists():
        return ()
    return compare(layout, derived_files(catalog_file, layout))


def derived_files(catalog_file: CatalogFile, layout: Layout) -> dict[str, str]:
    """The text of every generated file by path."""
    there = layout.bundle / OPENAPI
    return generated_files(
        catalog_file, openapi=lambda bundle: openapi_of(bundle, there), layout=layout
    )
