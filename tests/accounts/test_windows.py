"""Sliding windows, against the definition: what of the past lies in the last so many seconds."""

from hypothesis import given
from hypothesis import strategies as st

from llmaas.accounts.windows import SlidingWindow


def test_what_was_used_leaves_the_window_when_its_length_has_passed() -> None:
    window = SlidingWindow(3600)
    window.add(10_000, 100)
    assert window.used(10_000) == 100
    assert window.used(3_610_999) == 100
    assert window.used(3_611_000) == 0


def test_the_wait_is_until_enough_has_left() -> None:
    window = SlidingWindow(60)
    window.add(0, 10)
    window.add(20_000, 10)
    assert window.wait_s(30_000, 10) == 31
    assert window.wait_s(30_000, 11) == 51
    assert window.wait_s(30_000, 21) is None
    assert window.wait_s(30_000, 0) == 0


def test_a_day_of_traffic_takes_memory_for_seconds_not_for_requests() -> None:
    window = SlidingWindow(3600)
    for request in range(10_000):
        window.add(request // 100, 1)
    assert window.used(100) == 10_000
    assert len(window._seconds) == 1


@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 50)), max_size=60),
    st.integers(1, 12),
)
def test_no_window_laid_over_the_past_holds_more_than_was_counted(
    steps: list[tuple[int, int]], length_s: int
) -> None:
    window = SlidingWindow(length_s)
    past: list[tuple[int, int]] = []
    now = 0
    for wait_ms, amount in steps:
        now += wait_ms
        window.add(now, amount)
        past.append((now, amount))
        counted = window.used(now)
        within = sum(a for at, a in past if now - at < length_s * 1000)
        a_second_more = sum(a for at, a in past if now - at < (length_s + 1) * 1000)
        assert within <= counted <= a_second_more


@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 50)), min_size=1, max_size=40),
    st.integers(1, 500),
)
def test_after_the_wait_there_is_room_and_not_a_second_before(
    steps: list[tuple[int, int]], amount: int
) -> None:
    def build() -> tuple[SlidingWindow, int]:
        window, now = SlidingWindow(10), 0
        for wait_ms, used in steps:
            now += wait_ms
            window.add(now, used)
        return window, now

    window, now = build()
    before = window.used(now)
    wait = window.wait_s(now, amount)
    if wait is None:
        assert before < amount
        return
    assert before - window.used(now + wait * 1000) >= amount
    if wait > 1:
        window, now = build()
        assert before - window.used((now // 1000 + wait - 1) * 1000) < amount


def test_a_window_is_empty_when_the_last_amount_has_left_it() -> None:
    window = SlidingWindow(60)
    assert window.empty_in_s(0) == 0
    window.add(0, 10)
    window.add(20_000, 10)
    assert window.empty_in_s(30_000) == window.wait_s(30_000, 20) == 51
    assert window.empty_in_s(80_999) == 1
    assert window.empty_in_s(81_000) == 0
