"""Data and texts of the parts of pages that answer to their reader.

Scripts hold no fact and no word: both are embedded in the page as JSON, made from the catalogue.
"""

from llmaas.generators.site.interactive.calculator import Calculator, calculator_of
from llmaas.generators.site.interactive.embedded import embedded
from llmaas.generators.site.interactive.model_table import ModelTable, model_table_of
from llmaas.generators.site.interactive.requests import TryOperation, try_operations

__all__ = [
    "Calculator",
    "ModelTable",
    "TryOperation",
    "calculator_of",
    "embedded",
    "model_table_of",
    "try_operations",
]
