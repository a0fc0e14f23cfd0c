"""A catalogue as a tree whose branches have names, so that two of them can be laid side by side.

    Catalog ── tree_of ──> Tree ── difference ──> Deltas ── applied ──> Tree ── plain ──> values

Lists become branches named by what identifies their items: a model by its id, a price step by its
day, an alias by itself. Order is kept, and is a fact of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.catalog.model import Catalog

Path = tuple[str, ...]
"""The way to a value by names: `("models", "qwen3:8b", "aliases", "qwen3")`."""

IDENTIFIED_BY = ("id", "effective_on", "rule", "tenant")
"""The keys that tell the items of a list apart: the first that does so for all of them."""


class Branch(dict[str, Any]):
    """The items of a list by what identifies them, in the order of the list."""


def tree_of(catalog: Catalog) -> dict[str, Any]:
    """The whole catalogue."""
    tree: dict[str, Any] = grown(catalog.model_dump())
    return tree


def grown(value: Any) -> Any:
    """Plain values as a tree; keys without a value are left out, as in the YAML."""
    if isinstance(value, Mapping):
        return {key: grown(each) for key, each in value.items() if each is not None}
    if isinstance(value, tuple | list):
        return Branch(zip(_names(value), map(grown, value), strict=True))
    return value


def plain(tree: Any) -> Any:
    """The values of a tree, as a catalogue is validated from: lists as tuples."""
    if isinstance(tree, Branch):
        return tuple(plain(each) for each in tree.values())
    if isinstance(tree, Mapping):
        return {key: plain(each) for key, each in tree.items()}
    return tree


def at(tree: Any, *path: str) -> Any:
    """The value at a path, `None` where there is none."""
    for step in path:
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(step)
    return tree


def _names(items: Sequence[Any]) -> list[str]:
    """What identifies the items of a list; their numbers, where nothing does."""
    for key in IDENTIFIED_BY:
        names = [str(item.get(key)) for item in items if isinstance(item, Mapping) and key in item]
        if len(names) == len(items) == len(set(names)):
            return names
    names = [str(item) for item in items if not isinstance(item, Mapping | tuple | list)]
    if len(names) == len(items) == len(set(names)):
        return names
    return [str(number) for number in range(1, len(items) + 1)]
