"""Measuring the layer: labelled prompts in, every promised figure out."""

from llmaas.security.evaluation.budgets import BUDGETS, against_budgets
from llmaas.security.evaluation.comparing import compared, gain_per_rule
from llmaas.security.evaluation.report import evaluate, read_items

__all__ = ["BUDGETS", "against_budgets", "compared", "evaluate", "gain_per_rule", "read_items"]
