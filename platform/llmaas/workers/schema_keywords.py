"""Single keywords of a JSON schema as parts of rules, checked."""

import json
from collections.abc import Mapping
from typing import Any

from llmaas.workers.pattern_rules import PatternError, pattern_rules

Schema = Mapping[str, Any]

MOST_REPETITIONS = 1000
FORMATS = {"date", "time", "date-time", "uuid"}
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


class SchemaError(Exception):
    """What of a schema cannot be followed, and where."""


def string_inside(schema: Schema, where: str, *, char: str = "char") -> str | None:
    """What a string may be, between its quotes; `None` for any.

    Raises:
        SchemaError: the message names the place.
    """
    if "pattern" in schema:
        try:
            return pattern_rules(schema["pattern"])
        except PatternError as error:
            raise SchemaError(f"{where}: `pattern`: {error}") from error
    if schema.get("format") in FORMATS:
        return str(schema["format"])
    least, most = counts(schema, "minLength", "maxLength", where)
    if least == 0 and most is None:
        return None
    return f"{char}{{{least},{'' if most is None else most}}}"


def literal(value: Any) -> str:
    """A JSON value as a literal of a grammar."""
    return quoted(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def quoted(text: str) -> str:
    """A text as a literal of a grammar."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def at_least_one(schema: Schema, keyword: str, where: str) -> list[Any]:
    """What a keyword lists."""
    values = schema[keyword]
    if not isinstance(values, list) or not values:
        raise SchemaError(f"{where}: `{keyword}` is a list of at least one")
    return values


def counts(schema: Schema, low: str, high: str, where: str) -> tuple[int, int | None]:
    """How many at least and at most."""
    least, most = schema.get(low, 0), schema.get(high)
    for word, count in ((low, least), (high, most)):
        valid = isinstance(count, int) and 0 <= count <= MOST_REPETITIONS
        if not valid and not (word == high and count is None):
            raise SchemaError(f"{where}: `{word}` is a number from 0 to {MOST_REPETITIONS}")
    if most is not None and most < least:
        raise SchemaError(f"{where}: `{high}` is less than `{low}`")
    return least, most


def integer_bounds(schema: Schema, where: str) -> tuple[int | None, int | None]:
    """The least and the greatest integer."""
    limits: dict[str, int | None] = {}
    for word in BOUNDS:
        limit = schema.get(word)
        if isinstance(limit, float) and limit.is_integer():
            limit = int(limit)
        if limit is not None and (not isinstance(limit, int) or abs(limit) > 10**15):
            raise SchemaError(f"{where}: `{word}` of an integer is an integer below 10^15")
        limits[word] = limit
    minimum, maximum, above, below = (limits[word] for word in BOUNDS)
    low = max(
        (x for x in (minimum, None if above is None else above + 1) if x is not None), default=None
    )
    high = min(
        (x for x in (maximum, None if below is None else below - 1) if x is not None), default=None
    )
    if low is not None and high is not None and low > high:
        raise SchemaError(f"{where}: no integer is at least {low} and at most {high}")
    return low, high
