"""The code blocks of a page, with their language: what is executed and what must be identical."""

import re
from dataclasses import dataclass
from textwrap import dedent

_OPENING = re.compile(r"(?P<indent> *)(?P<marks>`{3,}|~{3,}) *(?P<language>[\w-]*)")


@dataclass(frozen=True)
class Fence:
    """A code block; `code` is without the indentation of a tab."""

    language: str
    code: str


def fences(page: str) -> tuple[Fence, ...]:
    """The code blocks in order; one that is never closed is the rest of the page."""
    found = []
    lines = iter(page.splitlines())
    for line in lines:
        opening = _OPENING.match(line)
        if not opening:
            continue
        inside = []
        for within in lines:
            if within.strip() == opening["marks"]:
                break
            inside.append(within)
        found.append(Fence(opening["language"], dedent("\n".join(inside)) + "\n"))
    return tuple(found)
