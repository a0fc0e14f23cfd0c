from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from llmaas.workers.text import Markers, OutputText

THINK = Markers("<think>", "</think>")
# Few letters, so that stop strings occur, overlap and almost occur; some of several bytes.
few_letters = st.text(alphabet="ab\né€😀", max_size=30)
stop_strings = st.lists(st.text(alphabet="ab\né€😀", min_size=1, max_size=4), max_size=4)


def read(data: bytes, cuts: list[int], **options) -> tuple[str, str, list[str]]:
    """Feed `data` cut at `cuts`; the whole content, the whole reasoning, and every piece."""
    text = OutputText(**options)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = []
    for start, end in pairwise(edges):
        if text.stopped:
            break
        pieces.append(text.feed(data[start:end]))
    pieces.append(text.finish())
    content = "".join(piece.content for piece in pieces)
    reasoning = "".join(piece.reasoning for piece in pieces)
    return content, reasoning, [part for p in pieces for part in (p.content, p.reasoning)]


def first_stop(text: str, stop: list[str]) -> str:
    """`text` before the stop string that is complete first: the definition, letter by letter."""
    for end in range(1, len(text) + 1):
        starts = [end - len(s) for s in stop if text[:end].endswith(s)]
        if starts:
            return text[: min(starts)]
    return text


@given(few_letters, stop_strings, st.lists(st.integers(0, 200)))
def test_content_ends_before_the_first_stop_string_however_the_tokens_are_cut(text, stop, cuts):
    content, _, _ = read(text.encode(), cuts, stop=stop)
    assert content == first_stop(text, stop)


@given(few_letters, st.lists(st.integers(0, 200)))
def test_no_piece_has_half_a_character(text, cuts):
    content, _, pieces = read(text.encode(), cuts)
    assert content == text
    assert not any("�" in piece for piece in pieces)


@given(few_letters, few_letters, st.lists(st.integers(0, 400)))
def test_thoughts_and_content_are_told_apart_however_the_tokens_are_cut(thought, content, cuts):
    data = f"<think>\n{thought}</think>\n\n{content}".encode()
    got_content, got_reasoning, _ = read(data, cuts, markers=THINK)
    assert (got_content, got_reasoning) == (content.lstrip(), thought.lstrip())


@given(st.binary(max_size=40), stop_strings, st.lists(st.integers(0, 200)))
def test_any_bytes_give_the_same_text_however_they_are_cut(data, stop, cuts):
    assert read(data, cuts, stop=stop)[:2] == read(data, [], stop=stop)[:2]


def test_a_thought_opened_by_the_template_needs_no_open_marker():
    content, reasoning, _ = read(b"hm</think>yes", [3, 7], markers=THINK, starts_in_reasoning=True)
    assert (content, reasoning) == ("yes", "hm")


def test_markers_in_the_middle_of_an_answer_stay_in_it():
    content, reasoning, _ = read(b"use <think> tags", [6], markers=THINK)
    assert (content, reasoning) == ("use <think> tags", "")


def test_stop_strings_do_not_end_a_thought():
    content, reasoning, _ = read(b"<think>a\n\nb</think>c\n\nd", [], markers=THINK, stop=["\n\n"])
    assert (content, reasoning) == ("c", "a\n\nb")


def test_bytes_of_a_character_that_never_ends_are_dropped():
    assert read("a€".encode()[:-1], [])[0] == "a"
