"""Edits of a catalogue file that keep its comments, its order and its style.

Catalog ── deprecate, set_price, … ──> Edit ── write_edited ──> the file, or nothing
"""

from llmaas.catalog.edit.applying import (
    Edit,
    EditedText,
    EditRefusedError,
    edited,
    write_edited,
)
from llmaas.catalog.edit.lifecycle import deprecate, earliest_removal, extend, remove
from llmaas.catalog.edit.models import add_alias, add_model
from llmaas.catalog.edit.money import set_price, set_tier
from llmaas.catalog.edit.new_model import NewModel, authored, completed, missing
from llmaas.catalog.edit.operations import Add, Drop, Operation, Put, changed
from llmaas.catalog.edit.security import relax
from llmaas.catalog.edit.splicing import NotEditableError, spliced
from llmaas.catalog.edit.weights import WeightsFacts

__all__ = [
    "Add",
    "Drop",
    "Edit",
    "EditRefusedError",
    "EditedText",
    "NewModel",
    "NotEditableError",
    "Operation",
    "Put",
    "WeightsFacts",
    "add_alias",
    "add_model",
    "authored",
    "changed",
    "completed",
    "deprecate",
    "earliest_removal",
    "edited",
    "extend",
    "missing",
    "relax",
    "remove",
    "set_price",
    "set_tier",
    "spliced",
    "write_edited",
]
