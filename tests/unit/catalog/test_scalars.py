from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.catalog.scalars import LARGEST_INTEGER, NumberOutOfRangeError, resolve_plain


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_written_in_the_five_ways_of_yaml_1_2(text: str) -> None:
    assert resolve_plain(text) is None


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("FALSE", False)])
def test_truth_is_written_true_or_false(text: str, value: bool) -> None:
    assert resolve_plain(text) is value


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "y", "n", "tRUE", "nULL", "Norway"),
        *("2025-06-13", "2025-06-13T10:00:00Z", "12:30", "1:30:00"),
        *("1_000", "1,5", "1.2.3", "0b11", "0x", "0o8", "1e", "e5", "-", "+", ".", "+.e1", "٣"),
        *("3.2 ", "v1", "=", "<<", ".5.", "-0x1f", "Infinity", "NaN", "inf"),
    ],
)
def test_what_yaml_1_1_or_python_would_convert_stays_text(text: str) -> None:
    assert resolve_plain(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-17", -17), ("+4", 4), ("0777", 777), ("0o17", 15), ("0xFf", 255)],
)
def test_whole_numbers_are_decimal_unless_they_say_otherwise(text: str, value: int) -> None:
    resolved = resolve_plain(text)
    assert resolved == value
    assert type(resolved) is int


@pytest.mark.parametrize("text", ["0.90", "4.00", "-.5", "1.", "1e3", "1.5E-3", "0.000001"])
def test_decimals_keep_their_digits(text: str) -> None:
    resolved = resolve_plain(text)
    assert isinstance(resolved, Decimal)
    assert resolved.as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize(
    "text",
    [
        *(".inf", "-.INF", ".nan", ".NaN", "1e29", "1e-99", "1e999999999", "1e-" + "9" * 5000),
        *(str(LARGEST_INTEGER + 1), "9" * 5000, "0x" + "f" * 5000, "0." + "1" * 40),
    ],
)
def test_a_number_that_would_be_rounded_is_refused(text: str) -> None:
    with pytest.raises(NumberOutOfRangeError):
        resolve_plain(text)


def test_the_largest_integer_and_leading_zeros_are_kept() -> None:
    assert resolve_plain(str(LARGEST_INTEGER)) == LARGEST_INTEGER
    assert resolve_plain("-" + "0" * 100 + "7") == -7


@given(st.text())
def test_any_text_is_resolved_or_refused(text: str) -> None:
    try:
        resolve_plain(text)
    except NumberOutOfRangeError:
        assert text[0] in "+-.0123456789"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=10**9))
def test_an_amount_reads_as_it_was_written(amount: Decimal) -> None:
    resolved = resolve_plain(f"{amount:f}")
    assert isinstance(resolved, int | Decimal)
    assert resolved == amount
