"""Who has which part of the KV memory, and what is kept of those who had it.

An id is running, idle (its sequence ended; the tokens are kept for the next prompt that begins like
it) or empty. A new sequence gets the longest prefix that any running or idle one of its tenant has,
so a system prompt is computed once, and a chat goes on where it was. What an idle one has goes to a
shelf when its id is needed.
"""

from collections import OrderedDict
from dataclasses import replace

from llmaas.workers.cells import Cells
from llmaas.workers.model import Context
from llmaas.workers.prefixes import BLOCK, Match, PrefixIndex
from llmaas.workers.sequences import Sequence
from llmaas.workers.shelf import Kept, Shelf, Shelved

COPY_BYTES_PER_S = 4e9
"""A split memory copies whole sequences, and the shelf does: so fast, with little to spare."""
WORTH_WAITING_FOR = 2 * BLOCK
"""Tokens that another sequence is about to compute; fewer are computed twice."""
HEADROOM = 32
"""Cells to leave for every running sequence when another one joins."""
_TURN_END = 8
"""A next turn of a chat repeats the last prompt up to these many tokens, and goes on elsewhere."""


class KvMemory:
    """The ids of one context.

    Args:
        context: whose memory it is.
        shelf: for what has to leave it.
        bytes_per_token: of the memory, to know what a copy costs.
        n_swa: width of the sliding window, 0 without.
    """

    def __init__(self, context: Context, shelf: Shelf, *, bytes_per_token: int, n_swa: int) -> None:
        self._context = context
        self._shelf = shelf
        self._unified = context.shape.unified
        self._cells = Cells(context.shape.cells) if self._unified else None
        self._copy_s = (
            0.0
            if self._unified
            else context.shape.cells // context.shape.n_ids * bytes_per_token / COPY_BYTES_PER_S
        )
        self._n_swa = n_swa
        self._index = PrefixIndex()
        self._running: dict[int, Sequence] = {}
        self._idle: OrderedDict[int, Kept] = OrderedDict()  # least recently used first
        self._empty = set(range(context.shape.n_ids))
        self._proven: set[int] = set()
        """Ids whose tokens were used again: worth more than those that never were."""

    @property
    def idle(self) -> int:
        """Sequences that are kept for their prefix."""
        return len(self._idle)

    @property
    def cells_free(self) -> int | None:
        """Of a unified memory."""
        return None if self._cells is None else self._cells.free

    def place(self, sequence: Sequence, *, tokens_per_s: float | None) -> bool:
        """Give a sequence an id and the longest prefix there is; `False` when it has no room now.

        A prefix that a running sequence is about to compute is waited for (`sequence.awaits`).

        Args:
            sequence: with nothing in the memory.
            tokens_per_s: how fast prompts are computed, to know whether a copy pays.
        """
        computed, coming = self._best(sequence)
        shelved = None if coming else self._on_shelf(sequence, computed, tokens_per_s)
        if shelved is not None:
            computed = None
        if not self._fits(sequence, computed):
            return False
        target = self._choose_id(computed)
        in_place = computed is not None and computed.seq_id == target
        if not in_place:
            self._empty_id(target)
        else:
            del self._idle[target]
        self._empty.discard(target)
        self._running[target] = sequence
        sequence.seq_id, sequence.n_past = target, 0
        if coming is not None:
            sequence.awaits = (self._running[coming.seq_id], coming.length)
        if in_place or (
            coming is None and computed is not None and self._pays(computed, tokens_per_s)
        ):
            assert computed is not None
            self._reuse(sequence, computed)
        if shelved is not None:
            self._restore(sequence, shelved)
        self._index.set(target, sequence.prompt.tenant, sequence.tokens)
        return True

    def settle(self, sequence: Sequence, *, tokens_per_s: float | None) -> bool:
        """Whether a sequence that waits for a prefix can go on; takes the prefix if so."""
        if sequence.awaits is None:
            return True
        holder, length = sequence.awaits
        if holder.seq_id is not None and holder.n_past < length:
            return False
        sequence.awaits = None
        assert sequence.seq_id is not None
        computed, _ = self._best(sequence)
        if (
            computed is not None
            and computed.length > sequence.n_past
            and self._pays(computed, tokens_per_s)
        ):
            self._cut(sequence.seq_id, 0, 0)
            self._reuse(sequence, computed)
        return True

    def make_room(self, count: int) -> bool:
        """Free cells for `count` more tokens by forgetting idle sequences; `False` if too few."""
        if self._cells is None:
            return True
        while self._cells.free < count and self._idle:
            self._empty_id(next(iter(self._idle)))
        return self._cells.free >= count

    def filled(self, sequence: Sequence, count: int) -> None:
        """A step computed `count` more tokens of a sequence."""
        sequence.n_past += count
        if self._cells is not None:
            assert sequence.seq_id is not None
            self._cells.fill(sequence.seq_id, count)

    def release(self, sequence: Sequence, *, keep: bool) -> None:
        """A sequence ended; its tokens are kept until their room is needed."""
        seq_id = sequence.seq_id
        assert seq_id is not None
        del self._running[seq_id]
        sequence.seq_id = None
        kept = sequence.tokens[: sequence.n_past].copy()
        if not keep or len(kept) < BLOCK:
            self._forget(seq_id)
            return
        tenant = sequence.prompt.tenant
        self._index.set(seq_id, tenant, kept)
        self._idle[seq_id] = Kept(tenant, kept, len(sequence.prompt.tokens))

    def clear(self) -> None:
        """Nothing is in the memory any more."""
        self._context.clear()
        for seq_id in [*self._idle, *self._running]:
            self._forget(seq_id)
        self._idle.clear()
        for sequence in self._running.values():
            sequence.seq_id = None
        self._running.clear()

    # Choosing

    def _best(self, sequence: Sequence) -> tuple[Match | None, Match | None]:
        """The longest prefix that is computed, and one that is coming and worth waiting for."""
        # The last token is always computed: its logits are where the answer begins.
        wanted = sequence.tokens[:-1]
        layout = sequence.prompt.layout
        computed: Match | None = None
        coming: Match | None = None
        for match in self._index.matches(sequence.prompt.tenant, wanted):
            running = self._running.get(match.seq_id)
            if running is sequence:
                continue
            there = match.length if running is None else min(match.length, running.n_past)
            there = layout.whole(there)
            if (computed is None or there > computed.length) and self._can_cut(
                match.seq_id, there, layout.position(there)
            ):
                computed = Match(match.seq_id, there)
            # One that waits itself is no help, and two could wait for each other.
            promised = (
                running is not None and running.awaits is None and not self._context.recurrent
            )
            whole = layout.whole(match.length)
            if promised and (coming is None or whole > coming.length):
                coming = Match(match.seq_id, whole)
        known = 0 if computed is None else computed.length
        if coming is not None and coming.length < known + WORTH_WAITING_FOR:
            coming = None
        return computed, coming

    def _on_shelf(
        self, sequence: Sequence, computed: Match | None, tokens_per_s: float | None
    ) -> Shelved | None:
        """A state on the shelf that is worth more than what the memory has."""
        found = self._shelf.best(sequence.prompt.tenant, sequence.tokens[:-1])
        if found is None:
            return None
        found = replace(found, length=sequence.prompt.layout.whole(found.length))
        more = found.length - (0 if computed is None else computed.length)
        if more < WORTH_WAITING_FOR:
            return None
        whole = found.length == len(found.kept.tokens)
        if (self._context.recurrent or self._n_swa) and not whole:
            return None
        if tokens_per_s is not None and found.state.nbytes / COPY_BYTES_PER_S > more / tokens_per_s:
            return None
        return found

    def _can_cut(self, seq_id: int, length: int, position: int) -> bool:
        if length < BLOCK:
            return False
        idle = self._idle.get(seq_id)
        if self._context.recurrent:
            return idle is not None and length == len(idle.tokens)
        if self._n_swa:
            first = self._context.holds_from(seq_id)
            return first <= max(0, position - self._n_swa)
        return True

    def _choose_id(self, computed: Match | None) -> int:
        source = None if computed is None else computed.seq_id
        if computed is not None and self._goes_on(computed):
            return computed.seq_id
        recency = {i: position for position, i in enumerate(self._idle, 1)}
        others = [i for i in (*self._empty, *self._idle) if i != source]

        def price(seq_id: int) -> tuple[bool, int, int, int]:
            return (
                seq_id in self._proven,
                0 if self._unified else self._runs_with(seq_id),
                recency.get(seq_id, 0),
                seq_id,
            )

        choice = min(others, key=price, default=source)
        assert choice is not None, "no more sequences run than there are ids"
        return choice

    def _runs_with(self, seq_id: int) -> int:
        """Runs of consecutive ids if this one ran as well.

        llama.cpp computes a run of a split memory in one go, and goes once for every run.
        """
        return sum(i - 1 not in self._running and i - 1 != seq_id for i in (*self._running, seq_id))

    def _goes_on(self, computed: Match) -> bool:
        """Whether a prompt is the next turn of an idle sequence, so that it can take its place."""
        idle = self._idle.get(computed.seq_id)
        return idle is not None and _continues(idle, computed.length)

    def _fits(self, sequence: Sequence, computed: Match | None) -> bool:
        if self._cells is None or not self._running:
            return True
        shared = computed.length if computed is not None and computed.seq_id in self._running else 0
        needed = len(sequence.tokens) - shared + HEADROOM * len(self._running)
        if self._cells.free >= needed:
            return True
        return self._cells.total - self._cells.held_by(self._running) >= needed

    def _pays(self, computed: Match, tokens_per_s: float | None) -> bool:
        return tokens_per_s is None or computed.length / tokens_per_s > self._copy_s

    # Changing

    def _reuse(self, sequence: Sequence, computed: Match) -> None:
        seq_id, position = sequence.seq_id, sequence.prompt.layout.position(computed.length)
        assert seq_id is not None
        if computed.seq_id == seq_id:
            done = self._cut(seq_id, computed.length, position)
        else:
            if computed.seq_id in self._idle:
                self._idle.move_to_end(computed.seq_id)
            done = self._context.copy(computed.seq_id, seq_id, position)
            if self._cells is not None:
                self._cells.share(computed.seq_id, seq_id, computed.length)
            self._proven.add(computed.seq_id)
        if not done:
            self._cut(seq_id, 0, 0)
            return
        self._begin_at(sequence, computed.length)

    def _restore(self, sequence: Sequence, shelved: Shelved) -> None:
        seq_id, size = sequence.seq_id, len(shelved.kept.tokens)
        assert seq_id is not None
        if _continues(shelved.kept, shelved.length):
            self._shelf.remove(shelved.key)
        if not self.make_room(size) or not self._context.restore(seq_id, shelved.state):
            return
        if self._cells is not None:
            self._cells.fill(seq_id, size)
        if self._cut(seq_id, shelved.length, sequence.prompt.layout.position(shelved.length)):
            self._begin_at(sequence, shelved.length)
        else:
            self._cut(seq_id, 0, 0)

    def _begin_at(self, sequence: Sequence, length: int) -> None:
        assert sequence.seq_id is not None
        self._proven.add(sequence.seq_id)
        sequence.n_past = length
        if sequence.completion_tokens == 0:
            sequence.cached_tokens = length

    def _cut(self, seq_id: int, length: int, position: int) -> bool:
        """Keep the first `length` tokens, which end before `position`."""
        if self._context.recurrent and length:
            return True  # it was found to have exactly this length
        if self._cells is not None:
            self._cells.trim(seq_id, length)
        return self._context.trim(seq_id, position)

    def _empty_id(self, seq_id: int) -> None:
        idle = self._idle.pop(seq_id, None)
        state = None if idle is None else self._context.save(seq_id)
        if idle is not None and state is not None:
            self._shelf.put(idle, state)
        self._forget(seq_id)

    def _forget(self, seq_id: int) -> None:
        self._index.remove(seq_id)
        self._proven.discard(seq_id)
        self._cut(seq_id, 0, 0)
        self._empty.add(seq_id)


def _continues(kept: Kept, length: int) -> bool:
    """Whether a prompt that begins with so many of its tokens is its chat's next turn."""
    return length >= kept.prompt_tokens - _TURN_END
