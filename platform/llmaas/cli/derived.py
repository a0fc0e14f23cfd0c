"""What is derived from a catalogue: `check` compares it, `generate` writes it."""

from collections.abc import Sequence
from pathlib import Path

from llmaas.catalog import CatalogFile
from llmaas.catalog.diagnostics import Problem
from llmaas.generators import Layout, compare, generated_files, layout_of


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
    from llmaas.gateway import openapi_document

    return generated_files(catalog_file, openapi=openapi_document, layout=layout)
