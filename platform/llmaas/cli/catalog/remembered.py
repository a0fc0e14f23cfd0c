"""The description of the API, without loading the gateway where nothing it is made of has changed.

The description follows from the tables of a bundle and from the gateway's code. Loading that code
takes longer than all the rest of `llmaas check`, so the user's cache directory keeps two hashes for
every place of a description: of the tables and the code it was made of, and of what came of it.
Whatever changes, it is made anew. A cache that is empty, old or not writable costs time and nothing
else.
"""

import os
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

import llmaas.bundle
from llmaas.bundle import Bundle, bundle_files

MADE_OF = ("bundle", "gateway", "accounts", "security", "workers")
"""Packages of `llmaas` whose code the description can depend on."""


def openapi_of(bundle: Bundle, there: Path) -> str:
    """The description of the API that a bundle gives.

    Args:
        bundle: the tables.
        there: where it was written to; read instead of made when it is known to be right.
    """
    made_of = _made_of(bundle)
    remembered = cache_dir() / sha256(bytes(there.absolute())).hexdigest()
    with suppress(OSError, UnicodeDecodeError):
        written = there.read_bytes()
        if remembered.read_text(encoding="ascii") == _line(made_of, written):
            return written.decode()
    from llmaas.gateway import openapi_document

    text = openapi_document(bundle)
    _remember(remembered, _line(made_of, text.encode()))
    return text


def cache_dir() -> Path:
    """Where hashes are kept: `$XDG_CACHE_HOME/llmaas/openapi`, below `~/.cache` by default."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "llmaas" / "openapi"


def _made_of(bundle: Bundle) -> str:
    digest = sha256(f"{sys.version} msgspec {msgspec.__version__}".encode())
    for text in bundle_files(bundle, catalogue_sha256="").values():
        digest.update(text.encode())
    for path in sources():
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def sources() -> list[Path]:
    """The code, in an order that is the same every time."""
    roots = [Path(each) for each in llmaas.__path__]
    found = [path for root in roots for name in MADE_OF for path in (root / name).rglob("*.py")]
    return sorted(found)


def _line(made_of: str, text: bytes) -> str:
    return f"{made_of} {sha256(text).hexdigest()}"


def _remember(place: Path, line: str) -> None:
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        staged = place.with_name(f".{place.name}.{os.getpid()}")
        staged.write_text(line, encoding="ascii")
        staged.replace(place)
