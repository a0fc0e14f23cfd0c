"""Values as they are written into a catalogue."""

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from llmaas.catalog.edit.writing import entry, flow, item, scalar
from llmaas.catalog.loader import load


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Apache License 2.0", "Apache License 2.0"),
        ("qwen3:8b", "qwen3:8b"),
        ("2026-01-31", "2026-01-31"),
        ("yes", '"yes"'),
        ("No", '"No"'),
        ("12", '"12"'),
        ("1.5", '"1.5"'),
        ("null", '"null"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("<think>", '"<think>"'),
        ("- a", '"- a"'),
        ('say "so"', '"say \\"so\\""'),
        ("back\\slash", '"back\\\\slash"'),
        (True, "true"),
        (7, "7"),
        (Decimal("0.90"), "0.90"),
        (Decimal("1E+2"), "100"),
    ],
)
def test_a_text_is_quoted_where_yaml_would_read_something_else(value: Any, written: str) -> None:
    assert scalar(value) == written


values = st.recursive(
    st.text() | st.integers(-(10**9), 10**9) | st.booleans() | st.decimals("-99", "99", places=3),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.from_regex(r"\A[a-z_]{1,9}\Z"), inner, max_size=4)
    ),
    max_leaves=12,
)
mappings = st.dictionaries(
    st.from_regex(r"\A[a-z_]{3,9}\Z").filter(
        lambda key: key not in {"yes", "null", "true", "false"}
    ),
    values,
    min_size=1,
    max_size=4,
)


def _readable(value: Any) -> bool:
    """Half a character, and keys that are no texts, are in no catalogue."""
    if isinstance(value, dict):
        words = {"y", "n", "yes", "no", "on", "off", "null", "true", "false"}
        return all(key not in words and _readable(each) for key, each in value.items())
    if isinstance(value, tuple):
        return all(map(_readable, value))
    return not (isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value))


@given(mappings.filter(_readable))
def test_what_is_written_is_read_back_in_both_styles(value: dict[str, Any]) -> None:
    block = "\n".join(line for key, each in value.items() for line in entry(key, each, 0))
    listed = "\n".join(["list:", *item(value, 2)])
    for text, expected in (
        (flow(value), value),
        (block, value),
        (listed, {"list": (value,)}),
    ):
        document = load(text.encode("utf-8"), "x.yaml")
        assert document.problems == (), text
        assert document.value == expected


def test_other_readers_of_yaml_see_the_same_texts() -> None:
    facts = {"a": "no", "b": "0x1F", "c": "1e3", "d": "~", "e": "1:30", "f": "=", "g": "<<"}
    assert {key: str(each) for key, each in yaml.safe_load(flow(facts)).items()} == facts
