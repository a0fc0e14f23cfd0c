"""The authored catalogue: its model, how it is read, and everything that can be wrong with it."""

from llmaas.catalog.codes import CODES, Code
from llmaas.catalog.diagnostics import Problem, Severity
from llmaas.catalog.document import Document, Loc, Position
from llmaas.catalog.model import Catalog
from llmaas.catalog.reading import CatalogFile, parse_catalog, read_catalog
from llmaas.catalog.rendering import Format, render_problems
from llmaas.catalog.schema import json_schema

__all__ = [
    "CODES",
    "Catalog",
    "CatalogFile",
    "Code",
    "Document",
    "Format",
    "Loc",
    "Position",
    "Problem",
    "Severity",
    "json_schema",
    "parse_catalog",
    "read_catalog",
    "render_problems",
]
