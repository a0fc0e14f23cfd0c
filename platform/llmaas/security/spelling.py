"""Words pulled apart or respelt: s p a c e d, d.o.t.t.e.d, l33t, em**pha**sis.

Each reader returns the folded text as a person would read it, or nothing where nothing is
disguised. Long texts are read where the disguise was found, and at both ends.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import re2

from llmaas.security.probes import any_of

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
_SHORT_WORD, _LONG_WORD = 4, 20
_MARKUP = r"\*{1,3}|~~|__|`{1,3}|</?[a-z]{1,8} ?/?>|<! ?--[^>]{0,80}-->"
_INNER_MARKUP = re2.compile(rf"\pL(?:{_MARKUP})\pL")
_ANY_MARKUP = re2.compile(_MARKUP)
_MARKED_WORD = re2.compile(rf"\pL+(?:(?:{_MARKUP})+\pL*)+")
_LEET_WORD = re2.compile(r"[a-z][0134578@$]+[a-z]|\b[0134578@$][a-z]{2,}")
_DISGUISED = any_of(_SPACED, _SEPARATED, _INNER_MARKUP, _LEET_WORD)
_WORD_WITH_LEET = re2.compile(r"[a-z]*[0134578@$!|9€£]+[a-z]+[a-z0134578@$!|9€£]*")
_LEET = str.maketrans("0134578@$!|9€£", "oieastbasiigel")
_LEET_L = str.maketrans("0134578@$!|9€£", "oleastbasligel")


class Reading(NamedTuple):
    """The words that are read otherwise than they stand, and how to read the whole passage."""

    before: str
    after: str
    read: Callable[[], str]


def is_respelt(folded: str) -> bool:
    """Whether any of the readers below would read it otherwise than it stands."""
    return _DISGUISED.search(folded) is not None


def read_spaced(folded: str) -> tuple[Reading, ...]:
    """`i g n o r e  a l l` → `ignore all`; words part where gaps are wider, or not at all."""
    if not _SPACED.search(folded):
        return ()
    runs: list[str] = [match.group() for match in _SPACED_RUN.finditer(_focus(folded, _SPACED))]
    joined = "\n".join(map(_despaced, runs))
    return (Reading("\n".join(runs), joined, lambda: joined),)


def _despaced(run: str) -> str:
    return " ".join(word.replace(" ", "").replace("\t", "") for word in run.split("  "))


def read_separated(folded: str) -> tuple[Reading, ...]:
    """`i.g.n.o.r.e a.l.l` → `ignore all`."""
    if not _SEPARATED.search(folded):
        return ()
    words = _focus(folded, _SEPARATED).split(" ")
    joined = [_joined(each) if _may_be_separated(each) else each for each in words]
    changed = [number for number, each in enumerate(words) if joined[number] != each]
    before, after = (" ".join(each[number] for number in changed) for each in (words, joined))
    return (Reading(before, after, lambda: " ".join(joined)),)


def _may_be_separated(word: str) -> bool:
    """Not letters with a mark at their end, and no long word without a run of separators."""
    return not word[:-1].isalnum() and (
        len(word) < _LONG_WORD or _SEPARATED.search(word) is not None
    )


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
    words = " ".join(match.group() for match in _MARKED_WORD.finditer(passage))
    bare = _ANY_MARKUP.sub("", words)
    return (Reading(words, bare, lambda: str(_ANY_MARKUP.sub("", passage))),)


def read_leet(folded: str) -> tuple[Reading, ...]:
    """`1gn0r3 4ll` → `ignore all`, with `1` as i and, in a second reading, as l."""
    if not _LEET_WORD.search(folded):
        return ()
    passage = _focus(folded, _LEET_WORD)
    words = " ".join(match.group() for match in _WORD_WITH_LEET.finditer(passage))
    tables = (_LEET, _LEET_L) if "1" in passage or "!" in passage else (_LEET,)
    return tuple(
        Reading(words, words.translate(table), partial(passage.translate, table))
        for table in tables
    )


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
