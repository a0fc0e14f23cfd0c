import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from llmaas.workers.prefixes import BLOCK, Match, PrefixIndex


def tokens(*values):
    return np.array(values, np.int32)


def test_the_longest_common_prefix_is_found_to_the_token():
    index = PrefixIndex()
    index.set(1, "", np.arange(40, dtype=np.int32))
    index.set(2, "", np.arange(20, dtype=np.int32))
    wanted = np.concatenate([np.arange(37), [999] * 30]).astype(np.int32)
    assert list(index.matches("", wanted)) == [Match(1, 37), Match(2, 20)]


def test_less_than_a_block_is_no_match():
    index = PrefixIndex()
    index.set(1, "", np.arange(BLOCK - 1, dtype=np.int32))
    assert list(index.matches("", np.arange(100, dtype=np.int32))) == []


def test_tenants_do_not_see_each_other():
    index = PrefixIndex()
    index.set(1, "one", np.arange(40, dtype=np.int32))
    assert list(index.matches("two", np.arange(40, dtype=np.int32))) == []
    assert list(index.matches("", np.arange(40, dtype=np.int32))) == []


def test_a_removed_sequence_leaves_nothing():
    index = PrefixIndex()
    index.set(1, "", np.arange(40, dtype=np.int32))
    index.remove(1)
    index.remove(1)
    assert list(index.matches("", np.arange(40, dtype=np.int32))) == []
    assert index._roots == {}


TEXTS = st.lists(st.sampled_from([0, 1]), max_size=4 * BLOCK).map(lambda t: np.array(t, np.int32))


def common(a, b):
    length = min(len(a), len(b))
    different = np.flatnonzero(a[:length] != b[:length])
    return int(different[0]) if len(different) else length


@given(st.lists(st.tuples(st.integers(0, 5), TEXTS), max_size=12), TEXTS)
def test_whatever_is_set_and_replaced_the_best_match_is_the_best_there_is(steps, wanted):
    index, held = PrefixIndex(), {}
    for seq_id, text in steps:
        index.set(seq_id, "", text)
        held[seq_id] = text
    lengths = {seq_id: common(text, wanted) for seq_id, text in held.items()}
    found = list(index.matches("", wanted))
    assert {m.seq_id: m.length for m in found} == {s: n for s, n in lengths.items() if n >= BLOCK}
    assert [m.length for m in found] == sorted((m.length for m in found), reverse=True)
