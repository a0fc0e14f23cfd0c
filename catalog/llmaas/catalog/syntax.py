"""What the YAML parser says about a broken file, in words that name the remedy."""

import re

import yaml

from llmaas.catalog.document import START, Position

_INDENTATION = (
    "check the indentation of this line and the one before it, and quotes left open above"
)
_EXPLANATIONS: tuple[tuple[str, str, str], ...] = (
    (
        r"character '?\\t'? that cannot start|tab character",
        "a tab stands where only spaces can",
        "indent with spaces",
    ),
    (
        r"cannot start any token",
        "a value cannot begin with this character",
        "put the value in quotes; indent with spaces, not with tabs",
    ),
    (
        r"mapping values are not allowed",
        "a colon that makes no key here",
        "put a text that holds `: ` in quotes, or check the indentation",
    ),
    (
        r"could not find expected ':'",
        "a key without its colon",
        "write `key: value`, with a space after the colon",
    ),
    (
        r"unexpected end of stream|found unexpected document",
        "an opening quote or bracket is not closed",
        "close it where the value ends",
    ),
    (
        r"expected ',' or '[\]}]'",
        "a list or mapping in brackets that is not closed, or lacks a comma",
        "separate the items with commas and close the bracket",
    ),
    (
        r"escape (character|sequence)|hexa?decimal",
        "a backslash that starts no known escape",
        "double the backslash, or use single quotes",
    ),
    (r"directive|incompatible YAML", "a line that begins with %", "remove this line"),
    (
        r"expected key|block end|block entry|indentation|'-' indicator|document start",
        "this line does not fit what stands before it",
        _INDENTATION,
    ),
)


def explain_syntax(error: yaml.MarkedYAMLError) -> tuple[Position, str, str]:
    """Where the mistake is, what it is, and what to do."""
    problem = error.problem or error.context or "not valid YAML"
    mark = error.problem_mark or error.context_mark
    if (
        re.search(r"end of stream|document (indicator|separator)|expected ',' or", problem)
        and mark is not None
        and error.context_mark is not None
        and error.context_mark.line != mark.line
    ):
        mark = error.context_mark  # the opening quote or bracket, not where the parser gave up
    position = Position(mark.line + 1, mark.column + 1) if mark else START
    for pattern, message, remedy in _EXPLANATIONS:
        if re.search(pattern, problem):
            return position, message, remedy
    return position, f"not valid YAML: {problem}", _INDENTATION
