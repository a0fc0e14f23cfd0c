"""The size of an image from the first bytes of its file, before anybody decodes it."""

import struct
from typing import NamedTuple

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of the segment that has the size."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""
_JPEG_PIXELS = 0xDA
"""Marker of the segment that begins the pixels: the size has to come before it."""


class Size(NamedTuple):
    """In pixels."""

    width: int
    height: int


def image_size(data: bytes) -> Size | None:
    """Width and height of a PNG, JPEG, WebP or GIF file; `None` where it is none, or cut off."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return Size(*struct.unpack_from(">II", data, 16)) if data[12:16] == b"IHDR" else None
        if data.startswith((b"GIF87a", b"GIF89a")):
            return Size(*struct.unpack_from("<HH", data, 6))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        return _jpeg(data) if data.startswith(b"\xff\xd8") else None
    except (struct.error, IndexError):
        return None


def _webp(data: bytes) -> Size | None:
    match data[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
            return Size(width, height) if len(data) >= 30 else None
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return Size(width & 0x3FFF, height & 0x3FFF)
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case _:
            return None


def _jpeg(data: bytes) -> Size | None:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a byte that fills up
            at += 1
        elif marker in _JPEG_BARE:
            at += 2
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Size(width, height)
        elif marker == _JPEG_PIXELS:
            return None
        else:
            at += 2 + max(2, struct.unpack_from(">H", data, at + 2)[0])
    return None
