"""What an answer gives away of what only the model was to read, while the answer grows.

    canary          a marker in the system message; written in any case, spaced, dotted or reversed
    system prompt   runs of words that stand in the system message too

Whatever might still become a find is `pending`: who must not let it out holds back so many
characters and no more. In most answers that is a word or two now and then.
"""

import math
import unicodedata
from collections import deque
from typing import Literal

from llmaas.bundle.folding import fold

Leak = Literal["canary", "system_prompt"]

GRAM = 5
"""Words in a row that are compared; in scripts without spaces, characters."""
SHARE = 0.3
"""Of the system message's runs of words: so many in an answer are a leak …"""
FEWEST = 8
"""… and so many at least; a system message with fewer says nothing worth hiding."""
MOST_PENDING = 2_000
"""Characters that are held back at most."""


class OutputWatch:
    """Reads one answer."""

    def __init__(self, *, canary: str | None, system_prompt: str | None) -> None:
        """Either is not looked for where it is `None`."""
        markers = () if canary is None else (canary, canary[::-1])
        self._markers = [_Marker(marker) for marker in markers]
        grams = None if system_prompt is None else _Grams(system_prompt)
        self._overlap = None if grams is None or not grams.telling else _Overlap(grams)
        self.length = 0
        """Characters read."""

    def read(self, text: str) -> Leak | None:
        """More of the answer; what it gives away, if it does."""
        leak: Leak | None = None
        for character in text:
            self.length += 1
            for marker in self._markers:
                if marker.read(character, self.length):
                    leak = "canary"
            if self._overlap is not None and self._overlap.read(character, self.length):
                leak = leak or "system_prompt"
        return leak

    @property
    def safe(self) -> int:
        """Characters from the beginning that are no part of a find to come."""
        starts = [marker.start for marker in self._markers]
        if self._overlap is not None:
            starts.append(self._overlap.start)
        pending = max((self.length - s for s in starts if s is not None), default=0)
        return self.length - min(pending, MOST_PENDING)


class _Marker:
    """Looks for letters and digits in a row, whatever stands between them (Knuth-Morris-Pratt)."""

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._back = [0] * len(marker)
        for at in range(1, len(marker)):
            matched = self._back[at - 1]
            while matched and marker[at] != marker[matched]:
                matched = self._back[matched - 1]
            self._back[at] = matched + (marker[at] == marker[matched])
        self._matched = 0
        self._places: deque[int] = deque(maxlen=len(marker))

    @property
    def start(self) -> int | None:
        """Before which character the possible marker begins."""
        return self._places[-self._matched] if self._matched else None

    def read(self, character: str, place: int) -> bool:
        for each in unicodedata.normalize("NFKC", character).lower():
            if not each.isalnum():
                continue
            self._places.append(place - 1)
            while self._matched and each != self._marker[self._matched]:
                self._matched = self._back[self._matched - 1]
            self._matched += each == self._marker[self._matched]
            if self._matched == len(self._marker):
                self._matched = self._back[-1]
                return True
        return False


class _Grams:
    """Runs of up to `GRAM` words of a system message."""

    def __init__(self, text: str) -> None:
        words = _Words()
        read = [word for c in f"{text} " for word in words.read(c)]
        self.runs = {
            tuple(read[at : at + size])
            for size in range(1, GRAM + 1)
            for at in range(len(read) - size + 1)
        }
        whole = sum(len(run) == GRAM for run in self.runs)
        self.telling = whole >= FEWEST
        self.needed = max(FEWEST, math.ceil(SHARE * whole))


class _Overlap:
    """Which runs of words of the system message an answer has."""

    def __init__(self, grams: _Grams) -> None:
        self._grams = grams
        self._words = _Words()
        self._last: deque[str] = deque(maxlen=GRAM)
        self._starts: deque[int] = deque(maxlen=GRAM)
        self._word_start: int | None = None
        self._size = 0
        self._seen: set[tuple[str, ...]] = set()
        self.start: int | None = None
        """Before which character the words of the system message begin that came last."""

    def read(self, character: str, place: int) -> bool:
        for word in self._words.read(character):
            self._last.append(word)
            self._starts.append(place - 1 if self._word_start is None else self._word_start)
            self._word_start = None
            self._join()
        if self._words.open and self._word_start is None:
            self._word_start = place - 1
        return len(self._seen) >= self._grams.needed

    def _join(self) -> None:
        """Find how many of the last words stand together in the system message."""
        last = tuple(self._last)
        size = next((n for n in range(len(last), 0, -1) if last[-n:] in self._grams.runs), 0)
        goes_on = size == min(self._size + 1, GRAM)
        self._size = size
        if size == 0:
            self.start = None
        elif self.start is None or not goes_on:
            self.start = self._starts[-size]
        if size == GRAM:
            self._seen.add(last)


class _Words:
    """Letters to folded words; a character of a script without spaces is a word."""

    def __init__(self) -> None:
        self._letters: list[str] = []

    @property
    def open(self) -> bool:
        """A word has begun."""
        return bool(self._letters)

    def read(self, character: str) -> list[str]:
        """The words that end here."""
        wide = unicodedata.east_asian_width(character) in "WF" and character.isalnum()
        if character.isalnum() and not wide:
            self._letters.append(character)
            return []
        ended = [fold("".join(self._letters))] if self._letters else []
        self._letters.clear()
        return [*ended, fold(character)] if wide else ended
