"""Measuring the layer: labelled prompts in, every promised figure out."""

from llmaas.security.evaluation.budgets import BUDGETS, against_budgets
from llmaas.security.evaluation.comparing import compared, gain_per_rule, is_report
from llmaas.security.evaluation.items import read_items
from llmaas.security.evaluation.report import evaluate

__all__ = [
    "BUDGETS",
    "against_budgets",
    "compared",
    "evaluate",
    "gain_per_rule",
    "is_report",
    "read_items",
]
