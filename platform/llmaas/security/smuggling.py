"""Text hidden in characters that are not drawn: tags, variation selectors, zero-width bits."""

from dataclasses import dataclass

import re2

from llmaas.bundle import BuiltInRule

LIMIT = 8_000
"""Hidden characters that are decoded at most; more of them changes no verdict."""

_TAGS = re2.compile("[\U000e0001\U000e0020-\U000e007f]{3,}")
_SELECTORS = re2.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}")
_ZERO_WIDTH_BITS = re2.compile("[\u200b-\u200d\u2060-\u2064]{16,}")
_OVERRIDES = re2.compile("[\u202d\u202e]")
_FLAG = "\U0001f3f4"
"""Regional flags (Scotland, Wales …) are spelt in tag characters after a black flag."""
_LONGEST_FLAG = 7


@dataclass(frozen=True, slots=True)
class Smuggled:
    """What a carrier hides: the decoded text, empty where the carrier cannot be decoded."""

    carrier: BuiltInRule
    text: str


def smuggled(raw: str) -> tuple[Smuggled, ...]:
    """Every carrier of hidden text in `raw`, decoded."""
    if raw.isascii():
        return ()
    found = (_tags(raw), _selectors(raw), _zero_width(raw))
    return tuple(each for each in found if each is not None)


def has_bidi_override(raw: str) -> bool:
    """Whether the order of characters is forced, which plain text in any script never needs."""
    return not raw.isascii() and _OVERRIDES.search(raw) is not None


def _tags(raw: str) -> Smuggled | None:
    pieces = []
    for match in _TAGS.finditer(raw):
        run = match.group()
        if len(run) <= _LONGEST_FLAG and raw[match.start() - 1 : match.start()] == _FLAG:
            continue
        pieces.append(
            "".join(chr(ord(c) - 0xE0000) for c in run[:LIMIT] if "\U000e0020" <= c <= "\U000e007e")
        )
        if sum(map(len, pieces)) > LIMIT:
            break
    return Smuggled("tags", " ".join(pieces)) if any(pieces) else None


def _selectors(raw: str) -> Smuggled | None:
    pieces = []
    for match in _SELECTORS.finditer(raw):
        run = match.group()[:LIMIT]
        data = bytes(
            code - 0xFE00 if code < 0xFF00 else (code - 0xE0100 + 16) & 0xFF
            for code in map(ord, run)
        )
        pieces.append(data.decode("utf-8", "ignore"))
        if sum(map(len, pieces)) > LIMIT:
            break
    return Smuggled("variation_selectors", " ".join(pieces)) if pieces else None


def _zero_width(raw: str) -> Smuggled | None:
    """Bits in two invisible characters, eight to a letter; undecodable runs are still reported."""
    match = _ZERO_WIDTH_BITS.search(raw)
    if match is None:
        return None
    run = match.group()[:LIMIT]
    kinds = sorted(set(run))
    text = ""
    if len(kinds) == 2:
        for one in kinds:
            bits = "".join("1" if c == one else "0" for c in run)
            data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8))
            decoded = data.decode("ascii", "ignore")
            if sum(32 <= ord(c) < 127 for c in decoded) > 0.9 * len(data):
                text = decoded
    return Smuggled("zero_width", text)
