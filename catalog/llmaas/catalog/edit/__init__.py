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
from llmaas.catalog.edit.operations import Add, Drop, Operation, Put, changed
from llmaas.catalog.edit.splicing import NotEditableError, spliced

__all__ = [
    "Add",
    "Drop",
    "Edit",
    "EditRefusedError",
    "EditedText",
    "NotEditableError",
    "Operation",
    "Put",
    "add_alias",
    "add_model",
    "changed",
    "deprecate",
    "earliest_removal",
    "edited",
    "extend",
    "remove",
    "set_price",
    "set_tier",
    "spliced",
    "write_edited",
]
