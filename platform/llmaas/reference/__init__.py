"""The compiled bundle of our own catalogue: generated, committed, shipped in the wheel."""

from importlib.resources import files
from pathlib import Path


def reference_directory() -> Path:
    """The bundle directory, for `llmaas.bundle.read_bundle`; the package must not be zipped."""
    return Path(str(files(__name__)))


__all__ = ["reference_directory"]
