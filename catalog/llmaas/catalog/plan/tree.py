"""A catalogue as a tree whose branches have names, so that two of them can be laid side by side.

    Catalog ── tree_of ──> Tree ── difference ──> Deltas ── applied ──> Tree ── plain ──> values

Lists become branches named by what identifies their items: a model by its id, a price step by its
day, an alias by itself. Order is kept, and is a fact of its own.
"""

from collections.abc import Mapping
from typing import Any

from llmaas.catalog.model import Catalog

Path = tuple[str, ...]
"""The way to a value by names: `("models", "qwen3:8b", "aliases", "qwen3")`."""

IDENTIFIED_BY: Mapping[str, str] = {"steps": "effective_on", "exceptions": "rule"}
"""By the name of a list: the key that tells its items apart, where it is not `id`."""


class Branch(dict[str, Any]):
    """The items of a list by what identifies them, in the order of the list."""


def tree_of(catalog: Catalog) -> dict[str, Any]:
    """The whole catalogue."""
    tree: dict[str, Any] = grown("", catalog.model_dump())
    return tree


def grown(name: str, value: Any) -> Any:
    """Plain values as a tree; keys without a value are left out, as in the YAML.

    Args:
        name: the key under which the value stands.
        value: mappings, tuples and scalars.
    """
    if isinstance(value, Mapping):
        return {key: grown(key, each) for key, each in value.items() if each is not None}
    if isinstance(value, tuple | list):
        return Branch((_identity(name, each), grown("", each)) for each in value)
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


def _identity(name: str, item: Any) -> str:
    if isinstance(item, Mapping):
        return str(item[IDENTIFIED_BY.get(name, "id")])
    return str(item)
