"""Regular expressions as rules for the inside of a JSON string.

Python's own parser reads them. Characters that JSON escapes in a string are left out of classes,
so that what a rule produces needs no escaping.
"""

import re
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST_REPETITIONS = 1000
_UNSAFE = r'"\\\x00-\x1F\x7F'
_CLASSES = {
    op.CATEGORY_DIGIT: "0-9",
    op.CATEGORY_WORD: "0-9A-Za-z_",
    op.CATEGORY_SPACE: " ",
}


class PatternError(Exception):
    """What of an expression rules cannot say."""


def pattern_rules(pattern: Any) -> str:
    """The right side of a rule; without anchors anything may come before and after.

    Raises:
        PatternError: it is no expression, or uses more than rules can say.
    """
    try:
        items = list(parser.parse(str(pattern)))
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"no regular expression ({error})") from error
    starts = bool(items) and items[0] in {(op.AT, op.AT_BEGINNING), (op.AT, op.AT_BEGINNING_STRING)}
    ends = bool(items) and items[-1] in {(op.AT, op.AT_END), (op.AT, op.AT_END_STRING)}
    inner = items[int(starts) : len(items) - int(ends)]
    parts = ["" if starts else "char*", _sequence(inner), "" if ends else "char*"]
    return " ".join(part for part in parts if part) or '""'


def _sequence(items: Any) -> str:
    return " ".join(_item(kind, value) for kind, value in items) or '""'


def _item(kind: Any, value: Any) -> str:  # noqa: PLR0911 - one return for each kind
    if kind is op.LITERAL:
        return _literal(value)
    if kind is op.NOT_LITERAL:
        return f"[^{_in_class(value)}{_UNSAFE}]"
    if kind is op.ANY:
        return f"[^{_UNSAFE}]"
    if kind is op.IN:
        return _class(value)
    if kind is op.SUBPATTERN:
        return f"({_sequence(value[-1])})"
    if kind is op.BRANCH:
        return "(" + " | ".join(_sequence(branch) for branch in value[1]) + ")"
    if kind in {op.MAX_REPEAT, op.MIN_REPEAT}:
        least, most, repeated = value
        unbounded = most is op.MAXREPEAT
        if least > MOST_REPETITIONS or (not unbounded and most > MOST_REPETITIONS):
            raise PatternError(f"repeats more than {MOST_REPETITIONS} times")
        return f"({_sequence(repeated)}){{{least},{'' if unbounded else most}}}"
    raise PatternError(f"{str(kind).lower()} is not supported")


def _literal(code: int) -> str:
    character = chr(code)
    if character in '"\\':
        # A backslash and the character, each escaped for the grammar.
        return f'"\\\\\\{character}"'
    if code < 0x20 or code == 0x7F:
        raise PatternError("control characters are not supported")
    return f'"{character}"'


def _class(members: Any) -> str:
    negated = members[0][0] is op.NEGATE
    text = ""
    for kind, value in members[int(negated) :]:
        if kind is op.LITERAL:
            text += _in_class(value)
        elif kind is op.RANGE:
            text += f"{_in_class(value[0])}-{_in_class(value[1])}"
        elif kind is op.CATEGORY and value in _CLASSES:
            text += _CLASSES[value]
        else:
            raise PatternError(f"{str(value).lower()} in a class is not supported")
    return f"[^{text}{_UNSAFE}]" if negated else f"[{text}]"


def _in_class(code: int) -> str:
    if code in {ord('"'), ord("\\")} or code < 0x20:
        raise PatternError(
            "quotes, backslashes and control characters in a class are not supported"
        )
    character = chr(code)
    return f"\\x{code:02X}" if character in "[]^-" else character
