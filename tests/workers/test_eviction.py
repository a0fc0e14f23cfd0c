from hypothesis import given
from hypothesis import strategies as st

from llmaas.workers.eviction import Refusal, Resident, eviction_for

GIB = 2**30


def resident(pool, gib, *, used=0.0, leases=0, pinned=False):
    return Resident(pool, int(gib * GIB), pinned, leases, used)


def evict(gib, residents, *, budget_gib):
    return eviction_for("new", int(gib * GIB), residents, budget_bytes=int(budget_gib * GIB))


def test_nothing_is_stopped_where_there_is_room():
    assert evict(4, [resident("a", 4)], budget_gib=8) == ()


def test_the_least_recently_used_idle_worker_goes_first():
    residents = [resident("late", 4, used=9), resident("early", 4, used=1)]
    assert evict(4, residents, budget_gib=8) == ("early",)


def test_an_idle_worker_goes_before_a_busy_one_used_longer_ago():
    residents = [resident("busy", 4, used=1, leases=1), resident("idle", 4, used=9)]
    assert evict(4, residents, budget_gib=8) == ("idle",)


def test_busy_workers_go_last_and_only_where_idle_ones_are_not_enough():
    residents = [resident("busy", 6, used=1, leases=1), resident("idle", 2, used=9)]
    assert evict(8, residents, budget_gib=8) == ("idle", "busy")


def test_a_small_worker_is_spared_when_a_larger_one_has_to_go_anyway():
    residents = [resident("small", 1, used=1), resident("large", 7, used=2)]
    assert evict(7, residents, budget_gib=8) == ("large",)


def test_pinned_workers_stay_and_their_memory_is_in_the_refusal():
    decision = evict(6, [resident("pinned", 4, pinned=True)], budget_gib=8)
    assert decision == Refusal(
        "new needs 6.0 GiB; of the memory budget of 8.0 GiB, pinned models keep 4.0 GiB"
    )


residents = st.lists(
    st.builds(
        Resident,
        pool=st.integers(0, 10**6).map(str),
        memory_bytes=st.integers(1, 40),
        pinned=st.booleans(),
        leases=st.integers(0, 2),
        last_used=st.floats(0, 100),
    ),
    max_size=8,
    unique_by=lambda r: r.pool,
)


@given(residents, st.integers(1, 60), st.integers(1, 200))
def test_what_is_stopped_makes_room_is_never_pinned_and_never_more_than_needed(
    residents, needed, budget
):
    decision = eviction_for("new", needed, residents, budget_bytes=budget)
    pinned = sum(r.memory_bytes for r in residents if r.pinned)
    if isinstance(decision, Refusal):
        assert needed + pinned > budget
        return
    stopped = [r for r in residents if r.pool in decision]
    left = sum(r.memory_bytes for r in residents if r.pool not in decision)
    assert needed + left <= budget
    assert not any(r.pinned for r in stopped)
    assert all(needed + left + r.memory_bytes > budget for r in stopped)
