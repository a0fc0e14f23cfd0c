"""Catalogues made from what other programs know of their models.

bytes ── import_litellm, import_ollama, import_legacy ──> Imported: a valid catalogue, a report
"""

from llmaas.catalog.imports.legacy import import_legacy
from llmaas.catalog.imports.litellm import import_litellm
from llmaas.catalog.imports.ollama import import_ollama
from llmaas.catalog.imports.report import Imported, ImportRefusedError, Note, render_report

__all__ = [
    "ImportRefusedError",
    "Imported",
    "Note",
    "import_legacy",
    "import_litellm",
    "import_ollama",
    "render_report",
]
