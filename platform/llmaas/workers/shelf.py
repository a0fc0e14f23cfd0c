"""Prefixes that had to leave the KV memory, kept in the machine's own until their chat goes on.

More people chat than sequences fit. Copying a state out and back in costs a hundredth of computing
its tokens again.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import count

from llmaas.workers.model import State
from llmaas.workers.prefixes import PrefixIndex, Tokens


@dataclass(frozen=True)
class Kept:
    """A sequence that ended."""

    tenant: str
    tokens: Tokens
    prompt_tokens: int
    """So many of them were its prompt; the others its answer."""


@dataclass(frozen=True)
class Shelved:
    """One that left the KV memory, held against a prompt."""

    key: int
    kept: Kept
    state: State
    length: int
    """Tokens that both begin with."""


class Shelf:
    """The states, least recently used first.

    Args:
        most_bytes: of all of them together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._free_bytes = most_bytes
        self._keys = count()
        self._index = PrefixIndex()
        self._states: OrderedDict[int, tuple[Kept, State]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def put(self, kept: Kept, state: State) -> None:
        """Keep a state; the oldest ones give way."""
        key = next(self._keys)
        self._states[key] = kept, state
        self._index.set(key, kept.tenant, kept.tokens)
        self._free_bytes -= state.nbytes
        while self._free_bytes < 0:
            self.remove(next(iter(self._states)))

    def best(self, tenant: str, tokens: Tokens) -> Shelved | None:
        """The state that shares most with `tokens`."""
        match = next(self._index.matches(tenant, tokens), None)
        if match is None:
            return None
        self._states.move_to_end(match.seq_id)
        kept, state = self._states[match.seq_id]
        return Shelved(match.seq_id, kept, state, match.length)

    def remove(self, key: int) -> None:
        """Drop a state."""
        if key in self._states:  # it may have given way already
            _, state = self._states.pop(key)
            self._index.remove(key)
            self._free_bytes += state.nbytes
