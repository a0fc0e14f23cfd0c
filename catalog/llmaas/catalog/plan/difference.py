"""What differs between two trees, as values that can be applied: all of it and nothing more."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from llmaas.catalog.plan.tree import Branch, Path


@dataclass(frozen=True)
class Delta:
    """One value that comes, goes or changes.

    `before` or `after` is `None` where there is no value. Of a list that only changes its order,
    they are the names of what it holds in both.
    """

    path: Path
    before: Any
    after: Any
    position: int | None = None
    """Of a new item of a list: the place it has there."""
    reordered: bool = False


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Delta, ...]:
    """Everything that differs, in the order of the catalogue."""
    return tuple(_mapping((), before, after))


def _value(path: Path, before: Any, after: Any) -> Iterator[Delta]:
    if isinstance(before, Branch) and isinstance(after, Branch):
        yield from _branch(path, before, after)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _mapping(path, before, after)
    elif before != after:
        yield Delta(path, before, after)


def _mapping(path: Path, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Delta]:
    for key in dict.fromkeys((*before, *after)):
        yield from _value((*path, key), before.get(key), after.get(key))


def _branch(path: Path, before: Branch, after: Branch) -> Iterator[Delta]:
    for key in before:
        if key in after:
            yield from _value((*path, key), before[key], after[key])
        else:
            yield Delta((*path, key), before[key], None)
    for position, key in enumerate(after):
        if key not in before:
            yield Delta((*path, key), None, after[key], position)
    kept_before = tuple(key for key in before if key in after)
    kept_after = tuple(key for key in after if key in before)
    if kept_before != kept_after:
        yield Delta(path, kept_before, kept_after, reordered=True)


def applied(before: Mapping[str, Any], deltas: Iterable[Delta]) -> dict[str, Any]:
    """The tree after the changes. `applied(a, difference(a, b))` is `b`."""
    tree = deepcopy(dict(before))
    listed = tuple(deltas)
    for delta in listed:
        if delta.reordered:
            branch = _parent(tree, (*delta.path, ""))
            kept = {key: branch[key] for key in delta.after}
            others = {key: each for key, each in branch.items() if key not in kept}
            branch.clear()
            branch.update(kept | others)
        elif delta.after is None:
            del _parent(tree, delta.path)[delta.path[-1]]
        elif delta.position is None:
            _parent(tree, delta.path)[delta.path[-1]] = deepcopy(delta.after)
    new = [(delta.position, delta) for delta in listed if delta.position is not None]
    for position, delta in sorted(new, key=lambda each: each[0]):
        branch = _parent(tree, delta.path)  # where everything before it stands already
        items = list(branch.items())
        items.insert(position, (delta.path[-1], deepcopy(delta.after)))
        branch.clear()
        branch.update(items)
    return tree


def _parent(tree: Any, path: Path) -> Any:
    for step in path[:-1]:
        tree = tree[step]
    return tree
