"""Compressed variants beside the files, so that no server compresses the same page twice."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli

SUFFIXES = frozenset(
    {".html", ".css", ".js", ".json", ".svg", ".xml", ".atom", ".txt", ".md", ".ics"}
)
LEAST_BYTES = 1024
"""Below this the headers weigh more than what is saved."""
AT_A_TIME = 2
PAGE_QUALITY, ASSET_QUALITY = 6, 10
"""Brotli's levels: pages are many, assets few and fetched by everybody."""


def write_compressed(root: Path) -> None:
    """Write `.gz` and `.br` beside every text file that becomes smaller by it."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        # The list is complete before the first variant is written into the same folders.
        list(pool.map(_compress, list(_worth(root))))


def _worth(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.suffix in SUFFIXES and path.is_file() and path.stat().st_size >= LEAST_BYTES:
            yield path


def _compress(file: Path) -> None:
    content = file.read_bytes()
    quality = ASSET_QUALITY if "assets" in file.parts else PAGE_QUALITY
    variants = {
        # No time in it: the same site is the same bytes.
        ".gz": gzip.compress(content, 9, mtime=0),
        ".br": brotli.compress(content, mode=brotli.MODE_TEXT, quality=quality),
    }
    for suffix, small in variants.items():
        if len(small) < len(content):
            file.with_name(file.name + suffix).write_bytes(small)
