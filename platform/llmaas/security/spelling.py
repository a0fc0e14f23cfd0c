"""Words pulled apart or respelt: s p a c e d, d.o.t.t.e.d, l33t, em**pha**sis.

Each reader returns the folded text as a person would read it, or nothing where nothing is
disguised. Long texts are read where the disguise was found, and at both ends.
"""

from typing import NamedTuple

import re2

NEAR = 2_000
"""Characters read before and after a find in a long text."""
WHOLE = 32_000
"""Texts up to this length are read as a whole."""
_FINDS = 4

_SPACED = re2.compile(r"(?:[^\s][ \t]{1,4}){8}")
_SPACED_RUN = re2.compile(r"(?:[^\s][ \t]{1,4}){8,}[^\s]?")
_SEPARATOR = r"[.\-_*~·•/\\|+,:;=]"
_SEPARATED = re2.compile(
    rf"(?:\b[\pL\pN]{_SEPARATOR}){{4}}|(?:[\x{{3040}}-\x{{9fff}}]{_SEPARATOR}){{4}}"
)
_SEPARATED_LETTER = re2.compile(
    rf"\b([a-z0-9])[ ]?{_SEPARATOR}{{1,2}}|([\x{{3040}}-\x{{9fff}}]){_SEPARATOR}{{1,2}}"
)
_IS_SEPARATOR = re2.compile(_SEPARATOR)
_SHORT_WORD = 4
_MARKUP = r"\*{1,3}|~~|__|`{1,3}|</?[a-z]{1,8} ?/?>|<! ?--[^>]{0,80}-->"
_INNER_MARKUP = re2.compile(rf"\pL(?:{_MARKUP})\pL")
_ANY_MARKUP = re2.compile(_MARKUP)
_LEET_WORD = re2.compile(r"[a-z][0134578@$]+[a-z]|\b[0134578@$][a-z]{2,}")
_LEET = str.maketrans("0134578@$!|9€£", "oieastbasiigel")
_LEET_L = str.maketrans("0134578@$!|9€£", "oleastbasligel")


class Reading(NamedTuple):
    """A passage as it stands, and as it is read."""

    passage: str
    read: str


def read_spaced(folded: str) -> tuple[Reading, ...]:
    """`i g n o r e  a l l` → `ignore all`; words part where gaps are wider, or not at all."""
    if not _SPACED.search(folded):
        return ()
    runs: list[str] = [match.group() for match in _SPACED_RUN.finditer(_focus(folded, _SPACED))]
    return (Reading("\n".join(runs), "\n".join(map(_despaced, runs))),)


def _despaced(run: str) -> str:
    return " ".join(word.replace(" ", "").replace("\t", "") for word in run.split("  "))


def read_separated(folded: str) -> tuple[Reading, ...]:
    """`i.g.n.o.r.e a.l.l` → `ignore all`."""
    if not _SEPARATED.search(folded):
        return ()
    passage = _focus(folded, _SEPARATED)
    return (Reading(passage, " ".join(map(_joined, passage.split(" ")))),)


def _joined(word: str) -> str:
    """The word without the separator that stands at every second place; others lose none."""
    for first in (1, 0):
        separators, letters = word[first::2], word[1 - first :: 2]
        if separators and separators == separators[0] * len(separators):
            return letters if _IS_SEPARATOR.search(separators[0]) else word
    if len(word) <= _SHORT_WORD:
        return word
    return str(_SEPARATED_LETTER.sub(r"\1\2", word))


def read_without_markup(folded: str) -> tuple[Reading, ...]:
    """`ig**no**re`, `ig<b>no</b>re`, `ig<!-- -->nore` → `ignore`."""
    if not _INNER_MARKUP.search(folded):
        return ()
    passage = _focus(folded, _INNER_MARKUP)
    return (Reading(passage, _ANY_MARKUP.sub("", passage)),)


def read_leet(folded: str) -> tuple[Reading, ...]:
    """`1gn0r3 4ll` → `ignore all`, with `1` as i and, in a second reading, as l."""
    if not _LEET_WORD.search(folded):
        return ()
    passage = _focus(folded, _LEET_WORD)
    first = Reading(passage, passage.translate(_LEET))
    if "1" in passage or "!" in passage:
        return (first, Reading(passage, passage.translate(_LEET_L)))
    return (first,)


def _focus(text: str, disguise: "re2._Regexp[str]") -> str:
    """A long text's ends and the surroundings of the first finds."""
    if len(text) <= WHOLE:
        return text
    parts = [text[: 2 * NEAR]]
    position = 2 * NEAR
    for _ in range(_FINDS):
        match = disguise.search(text, position)
        if match is None:
            break
        parts.append(text[max(position, match.start() - NEAR) : match.start() + NEAR])
        position = match.start() + NEAR
    return "\n".join([*parts, text[-2 * NEAR :]])
