"""Cells and positions of prompts with images."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from llmaas.workers.layout import TEXT_ONLY, ImageSpan, Layout, image_cells


@st.composite
def layouts(draw: st.DrawFn) -> tuple[Layout, int]:
    """A layout, and how many cells its prompt has."""
    spans, cell, position = [], 0, 0
    for text, height, width, mrope in draw(
        st.lists(
            st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(1, 5), st.booleans()),
            max_size=4,
        )
    ):
        cell, position = cell + text, position + text
        length = height * width
        n_positions = max(height, width) if mrope else length
        coordinates = np.zeros((4, length), np.int32) if mrope else None
        spans.append(ImageSpan(cell, length, position, n_positions, True, coordinates))
        cell, position = cell + length, position + n_positions
    return Layout(tuple(spans)), cell + draw(st.integers(0, 9))


@given(layouts())
def test_positions_grow_by_one_in_texts_and_never_shrink(case: tuple[Layout, int]) -> None:
    layout, end = case
    for cell in range(end):
        step = layout.position(cell + 1) - layout.position(cell)
        span = layout.span_at(cell)
        if span is None or span.coordinates is None:
            assert step == 1
        else:
            assert step == (span.n_positions if cell == span.end - 1 else 0)


@given(layouts())
def test_runs_cover_a_prompt_and_hold_one_kind_each(case: tuple[Layout, int]) -> None:
    layout, end = case
    cell = 0
    while cell < end:
        run = layout.run_end(cell, end)
        assert {layout.span_at(each) for each in range(cell, run)} == {layout.span_at(cell)}
        assert cell < run <= end
        cell = run
    assert cell == end


@given(layouts())
def test_what_is_kept_ends_in_no_image(case: tuple[Layout, int]) -> None:
    layout, end = case
    for length in range(end + 1):
        kept = layout.whole(length)
        assert kept <= length
        inside = [span for span in layout.spans if span.start < kept < span.end]
        assert inside == []
        if kept < length:
            assert layout.span_at(length - 1) is layout.span_at(kept)


def test_without_images_cells_are_positions() -> None:
    assert TEXT_ONLY.position(7) == TEXT_ONLY.whole(7) == TEXT_ONLY.run_end(0, 7) == 7
    assert TEXT_ONLY.span_at(3) is None


def test_pieces_of_an_image_have_the_positions_that_all_of_it_has() -> None:
    rows = np.array([[0] * 6, [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2], [0] * 6], np.int32)
    for span in (
        ImageSpan(10, 6, 8, 3, True, rows),
        ImageSpan(10, 6, 8, 6, True, None),
    ):
        kinds = 1 if span.coordinates is None else 4
        whole = span.positions(10, 6).reshape(kinds, 6)
        parts = [span.positions(at, 2).reshape(kinds, 2) for at in (10, 12, 14)]
        assert np.array_equal(np.concatenate(parts, axis=1), whole)
        assert whole[0, 0] == 8


def test_cells_are_the_same_for_the_same_image_and_like_no_token() -> None:
    one, again, other = (image_cells(identity, 0, 64) for identity in (b"a", b"a", b"b"))
    assert np.array_equal(one, again)
    assert not np.any(one == other)
    assert not np.any(one == image_cells(b"a", 1, 64)), "another tile of it"
    assert np.all(one < 0)
    assert np.array_equal(one[:10], image_cells(b"a", 0, 10))
