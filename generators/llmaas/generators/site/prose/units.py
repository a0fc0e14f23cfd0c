"""A page of prose, cut into what a translator sees and what nobody may touch.

Headings, paragraphs, list items, titles of admonitions and the text cells of tables are units. Code
fences, HTML, Jinja statements and the structure of lists and tables are not: a translation cannot
lose a fence or shift a column, because it never holds one.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FIXED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|`[^`]*`|\]\([^)]*\)|<[^>]+>|\{ [.#:][^}]*\}")
"""What a unit may hold that is no language: placeholders, code, link targets, attributes."""

_FENCE = re.compile(r"\s*(```+|~~~+)")
_HEADING = re.compile(r"(#+) (.*)")
_ADMONITION = re.compile(r'(\s*)((?:!!!|\?\?\?)\+? \w+) "(.*)"\s*$')
_ITEM = re.compile(r"(\s*)([-*]|\d+\.) (.*)")
_VERBATIM = re.compile(r'\s*(<|\{%|=== "|!!! |\?\?\? )')
_DELIMITER = re.compile(r"[\s|:-]+$")


@dataclass(frozen=True)
class Piece:
    """A part of a page; what is not `translatable` is copied."""

    text: str
    translatable: bool = False
    heading: bool = False


def cut(page: str) -> tuple[Piece, ...]:
    """The pieces of a page, which joined are the page again."""
    return tuple(_pieces(page))


def units(page: str) -> tuple[str, ...]:
    """The texts to translate, in order, each once."""
    return tuple(dict.fromkeys(piece.text for piece in cut(page) if piece.translatable))


def assemble(page: str, translate: Callable[[str], str]) -> str:
    """The page with its units translated; headings keep the address of the source."""
    parts = []
    for piece in cut(page):
        text = translate(piece.text) if piece.translatable else piece.text
        if piece.heading and "{ #" not in text:
            text = f"{text} {{ #{anchor(piece.text)} }}"
        parts.append(text)
    return "".join(parts)


def anchor(heading: str) -> str:
    """The address of a heading: made from the source, so it is the same in every language."""
    plain = unicodedata.normalize("NFD", words_of(heading).lower().replace("œ", "oe"))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")


def words_of(unit: str) -> str:
    """The unit without what is no language."""
    return FIXED.sub(" ", unit)


def _pieces(page: str) -> Iterator[Piece]:
    lines = page.splitlines()
    at = 0
    if lines and lines[0] == "---":
        end = lines.index("---", 1)
        for line in lines[: end + 1]:
            yield from _front_matter(line)
        at = end + 1
    while at < len(lines):
        line = lines[at]
        if fence := _FENCE.match(line):
            end = at + 1
            while not lines[end].strip().startswith(fence[1]):
                end += 1
            yield Piece("\n".join(lines[at : end + 1]) + "\n")
            at = end + 1
        elif not line.strip():
            yield Piece("\n")
            at += 1
        elif line.lstrip().startswith("|"):
            yield from _row(line)
            at += 1
        elif heading := _HEADING.match(line):
            yield Piece(f"{heading[1]} ")
            yield Piece(heading[2], translatable=_unit(heading[2]).translatable, heading=True)
            yield Piece("\n")
            at += 1
        elif admonition := _ADMONITION.match(line):
            yield Piece(f'{admonition[1]}{admonition[2]} "')
            yield _unit(admonition[3])
            yield Piece('"\n')
            at += 1
        elif _VERBATIM.match(line):
            yield Piece(line + "\n")
            at += 1
        else:
            end = _end_of_text(lines, at)
            yield from _text(lines[at:end])
            at = end


def _front_matter(line: str) -> Iterator[Piece]:
    key, colon, text = line.partition(": ")
    if key == "description" and colon:
        yield Piece('description: "')
        yield _unit(text)
        yield Piece('"\n')
    else:
        yield Piece(line + "\n")


def _end_of_text(lines: list[str], start: int) -> int:
    end = start + 1
    while end < len(lines) and lines[end].strip():
        line = lines[end]
        if (
            _ITEM.match(line)
            or _VERBATIM.match(line)
            or _FENCE.match(line)
            or line.lstrip().startswith("|")
        ):
            break
        end += 1
    return end


def _text(lines: list[str]) -> Iterator[Piece]:
    """A paragraph or a list item: its lines are one line, so that wrapping is no change."""
    item = _ITEM.match(lines[0])
    if item:
        yield Piece(f"{item[1]}{item[2]} ")
        lines = [item[3], *lines[1:]]
    else:
        indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
        if indent:
            yield Piece(indent)
    yield _unit(" ".join(line.strip() for line in lines))
    yield Piece("\n")


def _row(line: str) -> Iterator[Piece]:
    if _DELIMITER.match(line):
        yield Piece(line + "\n")
        return
    indent = line[: len(line) - len(line.lstrip())]
    yield Piece(f"{indent}|")
    for cell in _cells(line.strip().strip("|")):
        yield Piece(" ")
        yield _unit(cell.strip())
        yield Piece(" |")
    yield Piece("\n")


def _cells(row: str) -> list[str]:
    """The cells; a bar inside a placeholder or code separates none."""
    masked = FIXED.sub(lambda fixed: fixed[0].replace("|", "\0"), row)
    return [cell.replace("\0", "|") for cell in masked.split("|")]


def _unit(text: str) -> Piece:
    return Piece(text, translatable=bool(re.search(r"[^\W\d_]", words_of(text))))
