"""From a validated catalogue to everything that is derived from it.

    Catalog ── compile_bundle ──> Bundle ── generated_files ──> {path: text}
                                                                   ├── compare ──> problems
                                                                   └── write ────> the directory

Generators return text by path; comparing and writing are done elsewhere, once for all of them.
The documentation site is `llmaas.generators.site`, which needs the `docs` extra.
"""

from llmaas.generators.compile import compile_bundle

__all__ = ["compile_bundle"]
