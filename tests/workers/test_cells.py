import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from llmaas.workers.cells import Cells

TOTAL = 64
IDS = st.integers(0, 4)


class CellsAndWhatTheyAre(RuleBasedStateMachine):
    """Beside the account, a model that gives every cell an identity."""

    def __init__(self):
        super().__init__()
        self.cells = Cells(TOTAL)
        self.held = {}
        self.made = 0

    @rule(seq_id=IDS, count=st.integers(0, 12))
    def fill(self, seq_id, count):
        count = min(count, self.cells.free)
        self.cells.fill(seq_id, count)
        self.held.setdefault(seq_id, []).extend(range(self.made, self.made + count))
        self.made += count

    @rule(source=IDS, copy=IDS, length=st.integers(0, 20))
    def share(self, source, copy, length):
        length = min(length, len(self.held.get(source, [])))
        if source == copy or not length:
            return
        self.cells.trim(copy, 0)
        self.cells.share(source, copy, length)
        self.held[copy] = self.held[source][:length]

    @rule(seq_id=IDS, length=st.integers(0, 20))
    def trim(self, seq_id, length):
        length = min(length, len(self.held.get(seq_id, [])))
        self.cells.trim(seq_id, length)
        self.held[seq_id] = self.held.get(seq_id, [])[:length]

    @invariant()
    def the_account_is_right(self):
        assert TOTAL - self.cells.free == len(
            {cell for held in self.held.values() for cell in held}
        )
        assert self.cells.held_by([0, 1]) == len({*self.held.get(0, []), *self.held.get(1, [])})
        assert self.cells.length(2) == len(self.held.get(2, []))


TestCells = CellsAndWhatTheyAre.TestCase


def test_more_than_there_is_cannot_be_filled():
    with pytest.raises(IndexError):
        Cells(2).fill(0, 3)
