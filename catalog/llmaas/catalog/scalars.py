"""Plain scalars as YAML 1.2's core schema reads them.

YAML 1.1, which most Python readers follow, turns `no` into false, `1:30` into 90 and a date into
an object. Here `yes`, `no`, `on`, `off` and dates stay text, and a decimal keeps every digit.
"""

import re
from decimal import Decimal

Scalar = str | int | bool | Decimal | None

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""
MOST_DIGITS = 28
"""Significant digits, and powers of ten, of a decimal: those of Python's decimal context."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)


class NumberOutOfRangeError(ValueError):
    """A number that some program on its way would round."""


def resolve_plain(text: str) -> Scalar:
    """The value of an unquoted scalar.

    Raises:
        NumberOutOfRangeError: it is a number, but not one that is kept exactly everywhere.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _decimal(text)
    if _NOT_FINITE.fullmatch(text):
        raise NumberOutOfRangeError("infinity and not-a-number are no amounts")
    return text


def _integer(text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    digits = text[2:] if base != 10 else text
    if len(digits.lstrip("+-0")) > MOST_DIGITS or abs(int(digits, base)) > LARGEST_INTEGER:
        raise NumberOutOfRangeError(f"whole numbers go up to {LARGEST_INTEGER}")
    return int(digits, base)


def _decimal(text: str) -> Decimal:
    mantissa, _, exponent = text.lower().partition("e")
    digits = len(mantissa.replace(".", "").lstrip("+-0"))
    power = exponent.lstrip("+-").lstrip("0")
    if digits > MOST_DIGITS or len(power) > 2 or int(power or "0") > MOST_DIGITS:
        raise NumberOutOfRangeError(
            f"decimals have up to {MOST_DIGITS} digits and powers of ten up to {MOST_DIGITS}"
        )
    return Decimal(text)
