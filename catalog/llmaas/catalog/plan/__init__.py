"""What a new catalogue does to those who live with the one that is served.

Catalog × Catalog × day ── plan ──> Plan ── render_plan ──> text, JSON, Markdown
"""

from llmaas.catalog.plan.change import (
    Audience,
    Change,
    Effect,
    Judgement,
    PageChanges,
    Plan,
    PriceEffect,
)
from llmaas.catalog.plan.difference import Delta, applied, difference
from llmaas.catalog.plan.ledger import LedgerError, Usage, read_ledger
from llmaas.catalog.plan.live import (
    NOT_IN_A_BUNDLE,
    NOT_IN_A_MODEL_LIST,
    as_listed,
    tree_of_bundle,
    tree_of_model_list,
)
from llmaas.catalog.plan.planning import plan, plan_trees
from llmaas.catalog.plan.rendering import MARKS, PlanFormat, render_plan
from llmaas.catalog.plan.rules import RULES
from llmaas.catalog.plan.tree import plain, tree_of

__all__ = [
    "MARKS",
    "NOT_IN_A_BUNDLE",
    "NOT_IN_A_MODEL_LIST",
    "RULES",
    "Audience",
    "Change",
    "Delta",
    "Effect",
    "Judgement",
    "LedgerError",
    "PageChanges",
    "Plan",
    "PlanFormat",
    "PriceEffect",
    "Usage",
    "applied",
    "as_listed",
    "difference",
    "plain",
    "plan",
    "plan_trees",
    "read_ledger",
    "render_plan",
    "tree_of",
    "tree_of_bundle",
    "tree_of_model_list",
]
