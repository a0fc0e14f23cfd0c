from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from llmaas.catalog import Document, Position
from llmaas.catalog import loader as loader_module
from llmaas.catalog.loader import load


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds without libyaml too."""
    if request.param == "pure Python":
        monkeypatch.setattr(loader_module, "PARSER", yaml.Loader)
    elif not yaml.__with_libyaml__:
        pytest.skip("this PyYAML was built without libyaml")


def read(text: str) -> Document:
    return load(text.encode(), "f.yaml")


def codes(text: str) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.column, problem.code) for problem in read(text).problems]


def test_values_become_plain_frozen_python() -> None:
    document = read("a: [1, two, {b: 0.10}]\nc: 'yes'\nd:\ne: |\n  line\n")
    assert document.problems == ()
    assert document.value == {
        "a": (1, "two", {"b": Decimal("0.10")}),
        "c": "yes",
        "d": None,
        "e": "line\n",
    }


def test_quoted_scalars_are_text() -> None:
    assert read("""a: '1'\nb: "true"\nc: ''\nd: >\n  3\n""").value == {
        "a": "1",
        "b": "true",
        "c": "",
        "d": "3\n",
    }


def test_every_value_and_key_has_its_line_and_column() -> None:
    document = read("models:\n  - id: a\n    aliases:\n      - x\n      - y\n  - { id: b }\n")
    assert document.position(("models", 0, "id")) == Position(2, 9)
    assert document.key_position(("models", 0, "id")) == Position(2, 5)
    assert document.position(("models", 0, "aliases", 1)) == Position(5, 9)
    assert document.key_position(("models", 0, "aliases", 1)) == Position(5, 9)
    assert document.position(("models", 1)) == Position(6, 5)
    assert document.position(("models", 1, "id")) == Position(6, 11)


def test_what_is_not_written_is_placed_where_it_would_belong() -> None:
    document = read("a:\n  b: 1\n")
    assert document.position(("a", "c", 3)) == Position(2, 3)
    assert document.position(("z",)) == Position(1, 1)
    assert document.key_position(("a", "c")) == Position(2, 3)


def test_columns_count_characters_not_bytes() -> None:
    assert read("été: { ñandú: x, ok: 1 }").position(("été", "ok")) == Position(1, 22)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    document = load(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f.yaml")
    assert document.value == {"a": 1, "b": 2}
    assert document.position(("b",)) == Position(2, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb:\n  c: 2\n  c: 3\n", (4, 3, "duplicate-key")),
        ("a: 1\na: [}", (2, 1, "duplicate-key")),
        ("a: &x 1\n", (1, 4, "anchor")),
        ("&x a: 1\n", (1, 1, "anchor")),
        ("a: *x\n", (1, 4, "anchor")),
        ("a: &x [*x]\n", (1, 4, "anchor")),
        ("a:\n  <<: { b: 1 }\n", (2, 3, "merge-key")),
        ("a: !!python/object:os.system x\n", (1, 4, "tag")),
        ("!!str a: 1\n", (1, 1, "tag")),
        ("1: a\n", (1, 1, "non-text-key")),
        ("true: a\n", (1, 1, "non-text-key")),
        ("? [a, b]\n: 1\n", (1, 3, "non-text-key")),
        ("a: 1\n---\nb: 1\n", (2, 1, "several-documents")),
        ("a:\n  b: .nan\n", (2, 6, "number-out-of-range")),
        ("", (1, 1, "empty-file")),
        ("# a comment\n", (1, 1, "empty-file")),
        ("a: \x00", (1, 4, "bad-character")),
        ("a: b\u2028c", (1, 5, "bad-character")),
        ("a: 'never closed\nb: 1\n", (1, 4, "syntax")),
        ("a: [1, 2\nb: 1\n", (1, 4, "syntax")),
        ("a: b: c\n", (1, 5, "syntax")),
        ("a: @b\n", (1, 4, "syntax")),
        ("a:\n  - 1\n b: 2\n", (3, 2, "syntax")),
        ("a: " + "[" * 60 + "]" * 60, (1, 35, "nested-too-deep")),
        ("? " * 5000 + "a", (1, 3, "non-text-key")),
    ],
)
def test_what_is_refused_says_where(text: str, expected: tuple[int, int, str]) -> None:
    assert expected in codes(text)


def test_half_a_character_is_refused() -> None:
    assert codes('a: "\\ud800"\n') in ([(1, 4, "bad-character")], [(1, 7, "syntax")])


def test_a_quoted_merge_sign_is_a_plain_key() -> None:
    assert read("'<<': 1\n").value == {"<<": 1}


def test_problems_of_one_file_come_together() -> None:
    text = "a: &x 1\nb: *x\nb: 2\n3: c\n"
    assert [code for *_, code in codes(text)] == [
        "anchor",
        "anchor",
        "duplicate-key",
        "non-text-key",
    ]


def test_a_duplicate_key_names_the_line_of_the_first() -> None:
    (problem,) = read("a: 1\nb: 2\na: 3\n").problems
    assert problem.help == "the first is at line 1; keep one of them"


def test_bytes_that_are_not_utf_8_are_placed() -> None:
    (problem,) = load(b"a: 1\nb: caf\xe9\n", "f.yaml").problems
    assert (problem.line, problem.column, problem.code) == (2, 7, "bad-encoding")


def test_utf_16_is_told_apart_from_a_broken_file() -> None:
    (problem,) = load("a: 1".encode("utf-16"), "f.yaml").problems
    assert problem.code == "bad-encoding"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    document = load(content, "f.yaml")
    assert all(problem.line > 0 and problem.column > 0 for problem in document.problems)


@given(st.text(alphabet="ab:-,[]{}&*!|>'\"%@`#?<~ \n\t01.e\\\ud7ff\u0085", max_size=80))
def test_any_text_of_yaml_signs_is_read_or_refused(text: str) -> None:
    document = load(text.encode(), "f.yaml")
    assert document.problems or document.values
