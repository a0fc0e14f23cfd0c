"""What a value must be, in the words of the person who writes the YAML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from llmaas.catalog.document import Loc

LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Broken:
    """A structural mistake, without its place."""

    code: str
    message: str
    help: str


WRONG_TYPES: Mapping[str, tuple[str, str]] = {
    "string_type": ("a text", "put it in quotes to make it a text"),
    "int_type": ("a whole number", "write digits only, without quotes or point"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "is_instance_of": ("a number", "write it without quotes, with a decimal point: 0.90"),
    "date_type": ("a date", "a date is written YYYY-MM-DD, such as 2025-06-13"),
    "tuple_type": ("a list", "write `- ` before each item, or [a, b] on one line"),
    "model_type": ("a mapping", "write its keys below it, indented: `key: value`"),
}
"""By pydantic's error type: what is expected, and how to write it."""

INVALID_VALUES: Mapping[str, tuple[str, str]] = {
    "string_too_short": ("{name} is empty", "write a text, or remove the key if it is optional"),
    "too_short": ("{name} is empty", "list at least {min_length}"),
    "greater_than": (
        "{name} must be greater than {gt}, found {wrote}",
        "write a number above {gt}, or remove the key if it is optional",
    ),
    "greater_than_equal": (
        "{name} must be at least {ge}, found {wrote}",
        "write a number from {ge} upwards",
    ),
    "less_than_equal": (
        "{name} must be at most {le}, found {wrote}",
        "write a number up to {le}",
    ),
    "decimal_max_places": (
        "{name} has more than {decimal_places} decimal places",
        "round it: amounts are kept to a millionth of a euro",
    ),
    "value_error": (
        "{name} is not a date: {error}",
        "a date is written YYYY-MM-DD, such as 2025-06-13",
    ),
}
"""By pydantic's error type: what is wrong, and what to do."""

UNFORESEEN = ("{name} cannot be {wrote}", "see the reference of the catalogue's keys")
"""For what the model cannot raise yet; a test looks for it."""

PATTERNS: Mapping[str, tuple[str, str]] = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": (
        "a key",
        "a key is lower-case letters and digits, joined by single hyphens, such as `in-progress`",
    ),
    r"^[a-z0-9]+([-_][a-z0-9]+)*$": (
        "the name of a rule",
        "write lower-case letters and digits, joined by hyphens or underscores: `mixed_script`",
    ),
    r"^[a-z0-9][a-z0-9._-]*(:[a-z0-9][a-z0-9._-]*)?$": (
        "a model id",
        "a model id is lower-case, with at most one colon before the size, such as `qwen3:8b`",
    ),
    r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$": (
        "a text on one line",
        "remove line breaks, control characters, and spaces at its ends",
    ),
    r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$": (
        "a repository of the model hub",
        "a repository is its owner, a slash and its name",
    ),
    r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$": (
        "a file of the repository",
        "a file is its path in the repository, without spaces, `..` or a slash at the start",
    ),
    r"^https?://[^\s]+$": ("a URL", "a URL begins with https:// and holds no space"),
    r"^[a-z]{2}$": ("a language code", "a language is its ISO 639-1 code, such as `fr`"),
    r"^[A-Z]{2}$": ("a country code", "a country is its ISO 3166-1 code, such as `FR`"),
    r"^[0-9a-f]{64}$": (
        "a SHA-256 sum",
        "a SHA-256 sum is 64 digits 0-9 and a-f, as `sha256sum` prints it",
    ),
}
"""By the regular expression of the model."""

_COUNT = re.compile(r"counts?|stats|total|(total|number_of)_.*|.*_(count|total)")
_PHASE = re.compile(r"phase|state|lifecycle_phase")


def why_not_written(key: str) -> str | None:
    """The help for keys that people expect and that must not be: what they say is computed."""
    if _COUNT.fullmatch(key):
        return "remove it: counts are computed from the lists, so that they are never wrong"
    if _PHASE.fullmatch(key):
        return "remove it: the phase of a model is computed from its dates"
    return None


def explain(kind: str, loc: Loc, value: object, context: Mapping[str, object]) -> Broken:
    """Say what is wrong with one value.

    Args:
        kind: pydantic's error type.
        loc: the way to the value.
        value: what was written.
        context: pydantic's particulars: bounds, patterns, choices.
    """
    name = named(loc)
    if kind in WRONG_TYPES:
        expected, remedy = WRONG_TYPES[kind]
        if value is None:
            remedy = "write a value after the colon"
        return Broken("wrong-type", f"{name} must be {expected}, found {found(value)}", remedy)
    message, remedy = _invalid(kind, name, value, context)
    return Broken("invalid-value", message, remedy)


def _invalid(kind: str, name: str, value: object, context: Mapping[str, object]) -> tuple[str, str]:
    wrote = found(value)
    if kind == "string_pattern_mismatch":
        expected, remedy = PATTERNS[str(context["pattern"])]
        return f"{name} must be {expected}, found {wrote}", remedy
    message, remedy = INVALID_VALUES.get(kind, UNFORESEEN)
    return message.format(name=name, wrote=wrote, **context), remedy.format(**context)


def choices(loc: Loc, value: object, allowed: tuple[object, ...]) -> Broken:
    """A value that is none of the known ones."""
    texts = tuple(str(one) for one in allowed)
    near = closest(value, texts) if isinstance(value, str) else None
    listed = f"allowed: {', '.join(texts)}"
    return Broken(
        "invalid-value",
        f"{named(loc)} cannot be {found(value)}",
        f"did you mean `{near}`? {listed}" if near else listed,
    )


def closest(text: str, known: tuple[str, ...]) -> str | None:
    """The known word that was probably meant."""
    plain = text.casefold().replace("-", "_").replace(" ", "_")
    spelled = {word.casefold().replace("-", "_"): word for word in known}
    near = get_close_matches(plain, spelled, n=1, cutoff=0.65)
    return spelled[near[0]] if near else None


def named(loc: Loc) -> str:
    """How a message calls the value at `loc`."""
    if not loc:
        return "the catalogue"
    if isinstance(loc[-1], int):
        return f"item {loc[-1] + 1} of `{loc[-2]}`" if len(loc) > 1 else f"item {loc[-1] + 1}"
    return f"`{loc[-1]}`"


def found(value: object) -> str:
    """How a message calls what was written."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return f"the number {value}"
        case str():
            shown = " ".join(value.split())
            if len(shown) > LONGEST_QUOTE:
                shown = f"{shown[:LONGEST_QUOTE]}…"
            return f"the text `{shown}`" if shown else "an empty text"
        case tuple():
            return "a list"
    return "a mapping"
