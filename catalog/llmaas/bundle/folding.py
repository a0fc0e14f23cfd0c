"""Folding: the form in which rules and text meet.

A rule of the catalogue is compiled against folded examples, and the prompt-security layer matches
it against folded prompts, so both sides use this one function. Folding is a normaliser and never a
verdict: French typography, full-width Japanese and "smart" quotes all change under it, innocently.
"""

import unicodedata

import re2

_LONG_MARKS = re2.compile(r"(\p{M}{6})\p{M}+")
# Sorting a long run of combining marks is quadratic inside `unicodedata.normalize`; no script needs
# more than six marks on one base.
_ANY_LONG_MARKS = re2.compile(r"\p{M}{7}")

_LETTERS = {
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True)),
    **dict(
        zip(
            "œæøłđıħŧðþŋſƒ",
            ["oe", "ae", "o", "l", "d", "i", "h", "t", "d", "th", "n", "s", "f"],
            strict=True,
        )
    ),
    **{chr(0x1F130 + i): chr(97 + i) for i in range(26)},
    **{chr(0x1F150 + i): chr(97 + i) for i in range(26)},
    **{chr(0x1F170 + i): chr(97 + i) for i in range(26)},
    **{chr(0x1F1E6 + i): chr(97 + i) for i in range(26)},
    **dict.fromkeys("‘’‚‛ʼʹ′＇´`", "'"),
    **dict.fromkeys("“”„‟«»″「」『』", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣", "-"),
    "\u2800": " ",
}
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_MARKS_OF_LATIN = (
    range(0x0300, 0x0370),
    range(0x1AB0, 0x1B00),
    range(0x1DC0, 0x1E00),
    range(0x20D0, 0x2100),
    range(0xFE20, 0xFE30),
)
_REMEMBERED = 20_000
"""Code points whose folding is kept; a text that uses more of them is folded without memory."""


def fold(text: str) -> str:
    """Lower-cased, NFKC, without invisible characters and without diacritics on Latin letters.

    Linear in the length of the text. Folding twice changes nothing more.
    """
    if text.isascii():
        return text.lower()
    if _ANY_LONG_MARKS.search(text):
        text = _LONG_MARKS.sub(r"\1", text)
    return unicodedata.normalize("NFKC", text).translate(_TABLE)


class _Table(dict[int, str | int | None]):
    """Fills itself with the code points that are met."""

    def __missing__(self, code: int) -> str | int | None:
        folded = _fold_character(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


def _fold_character(character: str) -> str | int | None:
    """What one character becomes; `None` deletes it (the convention of `str.translate`)."""
    if character in _LETTERS:
        return _LETTERS[character]
    code = ord(character)
    if character in _INVISIBLE or any(code in block for block in _MARKS_OF_LATIN):
        return None
    category = unicodedata.category(character)
    if category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF:
        return None
    if category == "Zs":
        return " "
    lowered = character.casefold()
    if code < 0x0250 or 0x1E00 <= code <= 0x1EFF:
        lowered = "".join(
            _LETTERS.get(part, part)
            for part in unicodedata.normalize("NFKD", lowered)
            if not unicodedata.combining(part)
        )
    return lowered


_TABLE = _Table()
