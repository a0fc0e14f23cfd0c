"""What is derived from a catalogue: `check` compares it, `generate` writes it."""

from collections.abc import Sequence
from importlib.util import find_spec
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


def untranslated(catalog_file: CatalogFile) -> Sequence[Problem]:
    """Keys without words in a language; errors in the repository, which is where words are.

    Without the extra `docs` there is no documentation to need them.
    """
    if find_spec("polib") is None:
        return ()
    from llmaas.generators.site.untranslated import untranslated

    ours = layout_of(catalog_file.path).schema is not None
    return untranslated(catalog_file, severity="error" if ours else "warning")


def derived_files(catalog_file: CatalogFile, layout: Layout) -> dict[str, str]:
    """The text of every generated file by path."""
    there = layout.bundle / OPENAPI
    return generated_files(
        catalog_file, openapi=lambda bundle: openapi_of(bundle, there), layout=layout
    )
