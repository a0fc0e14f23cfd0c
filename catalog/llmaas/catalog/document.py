"""A YAML file as plain values, with the place of every value and key."""

from collections.abc import Mapping
from dataclasses import dataclass

from llmaas.catalog.diagnostics import Problem

Loc = tuple[str | int, ...]
"""The way to a value: keys and list indices from the top, such as `("models", 3, "aliases", 0)`."""


@dataclass(frozen=True)
class Position:
    """Line and column in the file, counted from 1."""

    line: int
    column: int


START = Position(1, 1)


@dataclass(frozen=True)
class Document:
    """What the loader read.

    `value` is made of `dict`, `tuple`, `str`, `int`, `bool`, `Decimal` and `None`; it is to be used
    only where `problems` is empty.
    """

    value: object
    values: Mapping[Loc, Position]
    keys: Mapping[Loc, Position]
    problems: tuple[Problem, ...]

    def position(self, loc: Loc) -> Position:
        """Where the value at `loc` starts, or the nearest thing around it that is written."""
        while loc:
            if loc in self.values:
                return self.values[loc]
            loc = loc[:-1]
        return self.values.get((), START)

    def key_position(self, loc: Loc) -> Position:
        """Where the key of the value at `loc` starts; of a list item, the item."""
        return self.keys.get(loc) or self.position(loc)
