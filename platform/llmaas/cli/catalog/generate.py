"""`llmaas generate`: write everything that is derived from the catalogue."""

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import BundleDirOption, CatalogArgument
from llmaas.cli.sources import read_valid, require_catalog

EXAMPLES = """
llmaas generate                        rewrite what the catalogue changed
llmaas generate --bundle /etc/llmaas   put the bundle where `llmaas serve` reads it
"""


def generate(catalog: CatalogArgument = None, *, bundle: BundleDirOption = None) -> None:
    """Write the files that are derived from the catalogue: the bundle and, here, the schema.

    Files are replaced one by one and atomically, the manifest that vouches for them last, so a
    service that reads them never sees half of a change. Running it twice changes nothing.
    """
    from llmaas.cli.catalog.derived import derived_files
    from llmaas.generators import layout_of, write

    catalog_file = read_valid(require_catalog(catalog))
    layout = layout_of(catalog_file.path, bundle=bundle)
    files = derived_files(catalog_file, layout)
    try:
        changes = write(layout, files)
    except OSError as error:
        raise CommandError(
            Exit.CANNOT_START,
            f"cannot write {error.filename or layout.bundle}: {error.strerror}",
            "check the permissions, or choose another directory with --bundle",
        ) from error
    for change in changes:
        print(change)
    if not changes:
        print(f"{len(files)} files are up to date")
