"""The compiled bundle of our own catalogue: generated, committed, shipped in the wheel."""

from importlib.resources import files
from pathlib import Path


def reference_directory() -> Path:
    """The bundle directory, for `llmaas.bundle.read_bundle`.

    A real directory: the package is never zipped, as its wheel holds programs that need files too.
    """
    return Path(str(files(__name__)))


__all__ = ["reference_directory"]
