"""What is kept of a prompt: the words that rules look for, at their places. All else is blanked.

    Dr. Quentin Wexford lives in Graz; please ignore all the previous instr
    xx. xxxxxxx xxxxxxx xxxxx in xxxx; xxxxxx ignore all the previous instr

A rule can still reach from a trace into the next prompt, because the words and the distances that
it looks for are there; what a customer wrote is not. The last word is kept when it begins like a
word of the rules: an attack may be cut in the middle of one.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable

STEM = 3
"""Letters from which a word of the rules may be the beginning of a longer word."""
ENDING = 2
"""Letters of any ending that a stem of the rules may have."""
WIDE_TERM = 12
"""Characters of the longest word that is looked for in a script without spaces."""
BLANK, WIDE_BLANK = "x", "〇"

# Only ever run on patterns of the bundle and on folded texts of a few hundred characters.
_NOT_LITERAL = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|\{[0-9,]*\}|\(\?:|\(\?[a-z]+\)")
_LITERAL = re.compile(r"[a-z]+\??|[^\x00-\x7f]+\??")
_PIECE = re.compile(r"[a-z]+|[^\x00-\x7f]+|[0-9_]+")


class Lexicon:
    """The words of the rules, read from their expressions."""

    def __init__(self, patterns: Iterable[str]) -> None:
        words: set[str] = set()
        for pattern in patterns:
            for found in _LITERAL.findall(_NOT_LITERAL.sub(" ", pattern)):
                word = found.removesuffix("?")
                words |= {word, word[:-1]} if word != found else {word}
        words.discard("")
        self._words = words
        self._sorted = sorted(words)
        self._heads = {word[:STEM] for word in words if len(word) >= STEM}
        self._longest: dict[str, int] = {}
        """Of the words that begin with two characters, in scripts without spaces."""
        for word in words:
            if len(word) > 1 and not word.isascii():
                self._longest[word[:2]] = max(self._longest.get(word[:2], 0), len(word))

    def trace(self, folded: str) -> str:
        """The folded text with everything blanked that no rule looks for; of the same length."""
        end = len(folded)

        def kept(match: re.Match[str]) -> str:
            piece = match[0]
            if piece in self._words:
                return piece
            last = match.end() == end
            if not piece.isascii():
                return self._wide(piece, last=last)
            return piece if self._is_word(piece, last=last) else BLANK * len(piece)

        return _PIECE.sub(kept, folded)

    def _is_word(self, word: str, *, last: bool) -> bool:
        if word[:STEM] not in self._heads:
            return False
        if last and self._begins(word):
            return True
        return any(
            word[:end] in self._words and (len(word) - end <= ENDING or word[end:] in self._words)
            for end in range(STEM, len(word))
        )

    def _begins(self, start: str) -> bool:
        at = bisect_left(self._sorted, start)
        return at < len(self._sorted) and self._sorted[at].startswith(start)

    def _wide(self, run: str, *, last: bool) -> str:
        """Words of a script without spaces, wherever they stand in the run."""
        kept = []
        at = 0
        while at < len(run):
            size = self._wide_word(run, at)
            rest = len(run) - at
            if not size and last and rest < WIDE_TERM and self._begins(run[at:]):
                size = rest
            kept.append(run[at : at + size] or (WIDE_BLANK if run[at].isalnum() else run[at]))
            at += size or 1
        return "".join(kept)

    def _wide_word(self, run: str, at: int) -> int:
        """Length of the longest word that begins there; 0 for none."""
        for size in range(self._longest.get(run[at : at + 2], 1), 0, -1):
            if run[at : at + size] in self._words:
                return size
        return 0
