"""From a validated catalogue to everything that is derived from it.

    Catalog ── compile_bundle ──> Bundle ── generated_files ──> {path: text}
                                                                   ├── compare ──> problems
                                                                   └── write ────> the directory

Generators return text by path; comparing and writing are done elsewhere, once for all of them.
The documentation site is `llmaas.generators.site`, which needs the `docs` extra.
"""

from llmaas.generators.compile import compile_bundle
from llmaas.generators.drift import DRIFT_CODES, compare
from llmaas.generators.files import generated_files
from llmaas.generators.fingerprint import catalogue_sha256
from llmaas.generators.layout import Layout, layout_of
from llmaas.generators.writing import Change, write

__all__ = [
    "DRIFT_CODES",
    "Change",
    "Layout",
    "catalogue_sha256",
    "compare",
    "compile_bundle",
    "generated_files",
    "layout_of",
    "write",
]
