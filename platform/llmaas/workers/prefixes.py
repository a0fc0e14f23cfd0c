"""Which sequence begins with which tokens: a trie over blocks of tokens, one for each tenant.

A prompt walks down the trie block by block; the sequences in the last node it reaches share the
most with it. Tenants have tries of their own, so nobody learns from timing what another one asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
"""Tokens of a block; a shorter common prefix is not worth a copy."""

Tokens = NDArray[np.int32]


@dataclass
class _Node:
    children: dict[bytes, "_Node"] = field(default_factory=dict)
    holders: set[int] = field(default_factory=set)


@dataclass
class _Entry:
    tenant: str
    tokens: Tokens
    path: list[tuple[_Node, bytes, _Node]] = field(default_factory=list)
    """From the root: parent, key, node of each whole block."""


@dataclass(frozen=True)
class Match:
    """A sequence that begins like a prompt."""

    seq_id: int
    length: int
    """Tokens that are the same."""


class PrefixIndex:
    """The tries."""

    def __init__(self) -> None:
        self._roots: dict[str, _Node] = {}
        self._entries: dict[int, _Entry] = {}

    def set(self, seq_id: int, tenant: str, tokens: Tokens) -> None:
        """Say what a sequence holds, or will hold once its prompt is computed."""
        entry = self._entries.get(seq_id)
        if entry is None or entry.tenant != tenant or not _begins_with(tokens, entry.tokens):
            self.remove(seq_id)
            entry = self._entries[seq_id] = _Entry(tenant, tokens)
        entry.tokens = tokens
        node = entry.path[-1][2] if entry.path else self._roots.setdefault(tenant, _Node())
        for start in range(len(entry.path) * BLOCK, len(tokens) - BLOCK + 1, BLOCK):
            key = tokens[start : start + BLOCK].tobytes()
            child = node.children.setdefault(key, _Node())
            child.holders.add(seq_id)
            entry.path.append((node, key, child))
            node = child

    def remove(self, seq_id: int) -> None:
        """Forget a sequence; nodes that nobody holds go with it."""
        entry = self._entries.pop(seq_id, None)
        if entry is None:
            return
        for parent, key, node in reversed(entry.path):
            node.holders.discard(seq_id)
            if not node.holders:
                del parent.children[key]
        root = self._roots.get(entry.tenant)
        if root is not None and not root.children:
            del self._roots[entry.tenant]

    def matches(self, tenant: str, tokens: Tokens) -> Iterator[Match]:
        """Sequences that share a block or more with `tokens`, those that share most first."""
        node = self._roots.get(tenant)
        path: list[_Node] = []
        for start in range(0, len(tokens) - BLOCK + 1, BLOCK):
            node = (
                None if node is None else node.children.get(tokens[start : start + BLOCK].tobytes())
            )
            if node is None:
                break
            path.append(node)
        seen: set[int] = set()
        for depth in range(len(path), 0, -1):
            new = path[depth - 1].holders - seen
            seen |= new
            found = [Match(s, self._common(s, tokens, depth * BLOCK)) for s in new]
            yield from sorted(found, key=lambda match: (-match.length, match.seq_id))

    def _common(self, seq_id: int, tokens: Tokens, known: int) -> int:
        """Length of the common prefix, of which `known` tokens are known to be the same."""
        held = self._entries[seq_id].tokens
        end = min(len(held), len(tokens), known + BLOCK)
        different = np.flatnonzero(held[known:end] != tokens[known:end])
        return known + int(different[0]) if len(different) else end


def _begins_with(tokens: Tokens, beginning: Tokens) -> bool:
    return len(tokens) >= len(beginning) and np.array_equal(tokens[: len(beginning)], beginning)
