"""Hashed n-grams of a text: the features of the learned signal, computed in numpy only.

Characters in runs of one to five and words in runs of one to three, each hashed into one of
`BUCKETS`. The same function serves training and scoring, so that they cannot drift apart.
"""

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 18
LEAST = 64
"""Distinct n-grams that a text counts as having at least: a word or two is little evidence."""

Codes = NDArray[np.uint8] | NDArray[np.uint32]
Buckets = NDArray[np.int32]
Hashes = NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(64 - 18)
# Runs of different lengths, and words and characters, fall into unrelated buckets.
_CHARACTER_SALTS = {length: np.uint64(length * 0x1F123BB5) for length in (2, 3, 4, 5)}
_WORD_SALTS = {length: np.uint64((100 + length) * 0x1F123BB5) for length in (1, 2, 3)}
_SPACE = 32


def codes_of(folded: str) -> Codes:
    """Code points with every run of white space as one space and every digit as `0`.

    Those of an ASCII text have one byte each, which is quicker and falls into the same buckets.
    """
    if folded.isascii():
        plain = folded.translate(_PLAIN)
        while "  " in plain:
            plain = plain.replace("  ", " ")
        return np.frombuffer(plain.encode("ascii"), dtype=np.uint8)
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).copy()
    codes[(codes <= 32) | (codes == 0x85) | (codes == 0x2028)] = _SPACE
    codes[(codes >= 48) & (codes <= 57)] = 48
    space = codes == _SPACE
    keep = np.ones(len(codes), dtype=bool)
    keep[1:] = ~(space[1:] & space[:-1])
    return codes[keep]


def buckets_of(codes: Codes) -> Buckets:
    """One bucket per n-gram of `codes`, repetitions included, in no meaningful order."""
    if len(codes) == 0:
        return np.zeros(0, dtype=np.int32)
    mixed = np.concatenate([*_character_hashes(codes), *_word_hashes(codes)])
    mixed *= _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _ODD
    mixed >>= _SHIFT
    return mixed.astype(np.int32)


def _character_hashes(codes: Codes) -> list[Hashes]:
    padded = np.empty(len(codes) + 2, dtype=np.uint64)
    padded[0] = padded[-1] = _SPACE
    padded[1:-1] = codes
    rolling = padded
    found: list[Hashes] = []
    for length, salt in _CHARACTER_SALTS.items():
        if len(padded) < length:
            break
        rolling = rolling[:-1] * _ODD
        rolling += padded[length - 1 :]
        found.append(rolling ^ salt)
    return found


def _is_wide(codes: Codes) -> NDArray[np.bool_]:
    """Scripts written without spaces: every character is a word of its own."""
    return ((codes >= 0x2E80) & (codes <= 0x9FFF)) | ((codes >= 0xF900) & (codes <= 0xFAFF))


def _is_letter(codes: Codes) -> NDArray[np.bool_]:
    """Letters of scripts with spaces, the digit that stands for all, and the apostrophe."""
    punctuation = (codes >= 0x2000) & (codes <= 0x2E7F) | (codes >= 0x3000) & (codes <= 0x3004)
    ascii_letter = (codes >= 97) & (codes <= 122) | (codes == 48) | (codes == 39)
    letters: NDArray[np.bool_] = ascii_letter | (codes > 191) & ~punctuation
    return letters


def _word_hashes(codes: Codes) -> list[Hashes]:
    if codes.dtype == np.uint8:
        letter = _ASCII_LETTER[codes]
        start = letter.copy()
        np.greater(letter[1:], letter[:-1], out=start[1:])
    else:
        wide = _is_wide(codes)
        letter = wide | _is_letter(codes)
        start = letter.copy()
        start[1:] &= ~letter[:-1] | wide[1:] | wide[:-1]
    letters = codes[letter]
    starts = np.flatnonzero(start[letter])
    if len(starts) == 0:
        return []
    began = np.zeros(len(letters), dtype=np.intp)
    began[starts] = starts
    position = np.arange(len(letters)) - np.maximum.accumulate(began)
    powers = _POWERS.take(position, mode="clip")
    powers *= np.add(letters, 1, dtype=np.uint64)
    words = np.add.reduceat(powers, starts)
    found: list[Hashes] = []
    rolling = words
    for length, salt in _WORD_SALTS.items():
        if len(words) < length:
            break
        if length > 1:
            rolling = rolling[:-1] * _MIX
            rolling += words[length - 1 :]
        found.append(rolling ^ salt)
    return found


def _powers(count: int) -> NDArray[np.uint64]:
    """Powers of an odd number modulo 2^64, which wrap silently in arrays."""
    odd = np.full(count, 0x9E3779B97F4A7C15, dtype=np.uint64)
    return np.cumprod(odd, dtype=np.uint64)


_POWERS = _powers(64)
_PLAIN = str.maketrans(dict.fromkeys("123456789", "0") | dict.fromkeys(map(chr, range(33)), " "))
_ASCII_LETTER = _is_letter(np.arange(128, dtype=np.uint32))
