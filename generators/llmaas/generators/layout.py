"""Where the files of a project are."""

import os.path
from dataclasses import dataclass
from pathlib import Path

from llmaas.bundle.directory import MANIFEST


@dataclass(frozen=True)
class Layout:
    """The places that generated files go to. All paths are absolute.

    `root` is what the paths of generated files are relative to. `schema` is `None` where the
    catalogue is an operator's: the schema belongs to this software, not to one of its users.
    """

    root: Path
    catalog: Path
    bundle: Path
    schema: Path | None

    @property
    def manifest(self) -> str:
        """The path of the manifest among the generated files."""
        return self.in_bundle(MANIFEST)

    def in_bundle(self, name: str) -> str:
        """The path, among the generated files, of a file of the bundle."""
        return self._relative(self.bundle / name)

    @property
    def schema_file(self) -> str | None:
        """The path of the schema among the generated files."""
        return None if self.schema is None else self._relative(self.schema)

    def _relative(self, path: Path) -> str:
        # Path.relative_to refuses a bundle outside the root (/etc/… beside /var/lib/…).
        return Path(os.path.relpath(path, self.root)).as_posix()


def layout_of(catalog: Path, *, bundle: Path | None = None) -> Layout:
    """The layout around a catalogue file.

        our repository                        an operator
          catalog/models_config.yaml            models_config.yaml
          catalog/models_config.schema.json     bundle/            (or the directory given)
          platform/llmaas/reference/

    Args:
        catalog: the YAML.
        bundle: the bundle directory, where it is not the usual one.
    """
    catalog = catalog.absolute()
    repository = catalog.parent.parent
    reference = repository / "platform" / "llmaas" / "reference"
    ours = catalog.match("catalog/models_config.yaml") and (reference / "__init__.py").is_file()
    if ours and bundle is None:
        schema = catalog.with_name("models_config.schema.json")
        return Layout(root=repository, catalog=catalog, bundle=reference, schema=schema)
    directory = catalog.with_name("bundle") if bundle is None else bundle.absolute()
    return Layout(root=catalog.parent, catalog=catalog, bundle=directory, schema=None)


def shown(path: Path) -> str:
    """A path as a person in the working directory would write it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
