"""The readings of a prompt: every form in which a model, or its reader, could see an attack.

The first is always the folded text. The others exist only where a cheap probe found their
disguise, so an ordinary prompt has one view. All but the first are bounded in length.
"""

from collections.abc import Iterator

import msgspec

from llmaas.bundle.folding import fold
from llmaas.security.encodings import decoded, turned
from llmaas.security.legibility import legibility, reads_better
from llmaas.security.skeleton import has_mixed_word, read_skeleton, skeleton
from llmaas.security.smuggling import has_bidi_override, smuggled
from llmaas.security.spelling import (
    Reading,
    is_respelt,
    read_leet,
    read_separated,
    read_spaced,
    read_without_markup,
)

DECODED_LIMIT = 32_000
"""Characters of all decoded payloads of a prompt together."""
SHORT = 600
"""Characters up to which every respelt reading is assessed; in a longer text it must also make
sense."""
_DEPTH = 2
"""Encodings inside encodings that are opened."""


_READERS = {
    "spaced": read_spaced,
    "separated": read_separated,
    "markup": read_without_markup,
    "leet": read_leet,
}


class View(msgspec.Struct, frozen=True):
    """One reading: how it was obtained, and the folded text."""

    kind: str
    text: str


def views(raw: str) -> list[View]:
    """Every reading of `raw`, the plain one first, without duplicates."""
    main = fold(raw)
    found = [View("plain", main), *_readings(raw, main)]
    return list({view.text: view for view in reversed(found)}.values())[::-1]


def _readings(raw: str, main: str) -> Iterator[View]:
    if has_mixed_word(main):
        latin = read_skeleton(main)
        yield View("skeleton", latin)
        if len(latin) == len(main):
            main = latin
    if has_bidi_override(raw):
        yield View("bidi", main[-DECODED_LIMIT:][::-1])
    for each in smuggled(raw):
        if each.text:
            yield View(each.carrier, fold(each.text))
    turns = ((kind, Reading(main, text, text.__str__)) for kind, text in turned(main))
    for kind, reading in (*_respelt(main), *turns):
        if len(main) <= SHORT or reads_better(reading.after, legibility(reading.before)):
            yield View(kind, reading.read())
    yield from _decoded(raw)


def _respelt(main: str) -> Iterator[tuple[str, Reading]]:
    if not is_respelt(main):
        return
    for kind, read in _READERS.items():
        for reading in read(main):
            yield kind, reading


def _decoded(raw: str) -> Iterator[View]:
    left = DECODED_LIMIT
    level = [("", raw)]
    for _ in range(_DEPTH):
        found = [
            (f"{outer}+{kind}" if outer else kind, text)
            for outer, source in level
            for kind, text in decoded(source)
            if text != source
        ]
        for kind, text in found:
            if left <= 0:
                return
            folded = fold(text[:left])
            left -= len(folded)
            yield View(kind, skeleton(folded) if has_mixed_word(folded) else folded)
            for turn, reading in turned(folded):
                if reads_better(reading, legibility(folded)):
                    yield View(f"{kind}+{turn}", reading)
        level = [(kind, text) for kind, text in found if len(text) < len(raw)]
