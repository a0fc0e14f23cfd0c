"""All generated files of a project, as text by path."""

from collections.abc import Callable

from llmaas.bundle import Bundle, bundle_files
from llmaas.catalog import CatalogFile, json_schema
from llmaas.generators.compile import compile_bundle
from llmaas.generators.fingerprint import catalogue_sha256
from llmaas.generators.layout import Layout, layout_of

OPENAPI = "openapi.json"


def generated_files(
    catalog_file: CatalogFile,
    *,
    openapi: Callable[[Bundle], str],
    layout: Layout | None = None,
) -> dict[str, str]:
    """What the project's generated files must contain; nothing is read or written.

    Args:
        catalog_file: a catalogue without errors.
        openapi: describes the API that a bundle makes the gateway serve. It is passed in because
            generators know nothing of the gateway.
        layout: where the files go, by default what `layout_of` says.

    Returns:
        Text by path relative to `layout.root`, the manifest of the bundle last.

    Raises:
        ValueError: the catalogue has errors.
    """
    catalog = catalog_file.catalog
    if catalog is None or not catalog_file.usable:
        raise ValueError(f"{catalog_file.path}: has errors; nothing can be generated from it")
    layout = layout or layout_of(catalog_file.path)
    bundle = compile_bundle(catalog)
    inside = bundle_files(
        bundle,
        catalogue_sha256=catalogue_sha256(catalog),
        documents={OPENAPI: openapi(bundle)},
    )
    files = {} if layout.schema_file is None else {layout.schema_file: json_schema()}
    return files | {layout.in_bundle(name): text for name, text in inside.items()}
