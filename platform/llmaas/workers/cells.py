"""How many cells of a unified KV memory are taken: llama.cpp shares them and does not say.

A cell belongs to every sequence that was copied from the one that filled it, and is free when the
last of them is gone. This is the same account, kept beside it.
"""

from array import array
from collections.abc import Iterable

import numpy as np


class Cells:
    """The account of one memory.

    Args:
        total: cells there are.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.free = total
        self._references = np.zeros(total, np.uint16)
        self._unused = list(range(total - 1, -1, -1))
        self._held: dict[int, array[int]] = {}

    def length(self, seq_id: int) -> int:
        """Tokens of a sequence."""
        return len(self._held.get(seq_id, ()))

    def held_by(self, seq_ids: Iterable[int]) -> int:
        """Cells of these sequences; what several share counts once."""
        mask = np.zeros(self.total, np.bool_)
        for seq_id in seq_ids:
            mask[np.asarray(self._held.get(seq_id, ()), np.intp)] = True
        return int(np.count_nonzero(mask))

    def fill(self, seq_id: int, count: int) -> None:
        """A sequence gets `count` more tokens; there must be room."""
        held = self._held.setdefault(seq_id, array("i"))
        for _ in range(count):
            cell = self._unused.pop()
            self._references[cell] = 1
            held.append(cell)
        self.free -= count

    def share(self, source: int, target: int, length: int) -> None:
        """`target`, which is empty, begins like `source`."""
        shared = self._held[source][:length]
        self._held[target] = shared
        self._references[np.asarray(shared, np.intp)] += 1

    def trim(self, seq_id: int, length: int) -> None:
        """Keep the first `length` tokens of a sequence."""
        held = self._held.pop(seq_id, None)
        if held is None:
            return
        dropped = np.asarray(held[length:], np.intp)
        if length:
            self._held[seq_id] = held[:length]
        self._references[dropped] -= 1
        unused = dropped[self._references[dropped] == 0]
        self._unused.extend(unused.tolist())
        self.free += len(unused)
