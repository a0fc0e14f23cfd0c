"""The built documentation site under `/docs/`, and where `/` leads.

The site is MkDocs Material: it runs a few inline scripts, so the content security policy of a page
names the hashes of exactly those (a `<script type="application/json">` is data and does not run).
Styles may be inline because the theme sets custom properties in `style` attributes. Nothing may be
loaded from another host.

The site brings its compressed variants: `page.html.br` and `page.html.gz` beside `page.html`.
"""

import asyncio
import base64
import mimetypes
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote

from llmaas.gateway.context import Exchange
from llmaas.gateway.wire import ServiceIndex

PREFIX = "/docs"
HASHED_NAME = re.compile(r"\.[0-9a-f]{8,}\.(min\.)?(css|js)$")
INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\b(?:src\s*=|type\s*=\s*[\"']?application/))[^>]*>(?P<code>.*?)</script\s*>",
    re.DOTALL | re.IGNORECASE,
)
NOT_FOUND = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>404</title>"
    "<h1>Not found</h1><p>There is no such page. <a href=/docs/>Documentation</a>"
)
NO_DOCS = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>404</title>"
    "<h1>No documentation here</h1><p>This server was started without the documentation site. "
    "<a href=/openapi.json>openapi.json</a> describes the API."
)


MEDIA_TYPES = {
    ".atom": "application/atom+xml",
    ".css": "text/css",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".xml": "application/xml",
}
"""What a site consists of; it must not depend on the tables of the machine."""
VARIANTS = {"br": ".br", "gzip": ".gz"}
"""Content codings and the suffixes of files in them, the smaller first."""


@dataclass(frozen=True)
class Page:
    """A file of the site, ready to be sent."""

    content: bytes
    encoding: str | None
    """Content coding of `content`; `None` for the file as it is."""
    content_type: str
    etag: str
    cache_control: str
    policy: str


async def index(exchange: Exchange) -> None:
    """Where to begin: the documentation, or what there is without it."""
    if exchange.gateway.docs_dir is not None:
        await _redirect(exchange, f"{PREFIX}/", status=302)
        return
    service = exchange.gateway.bundle.service
    await exchange.answer_json(ServiceIndex(service=service.name, operator=service.operator))


async def serve_docs(exchange: Exchange) -> None:
    """A file of the site; a directory is its `index.html`."""
    root = exchange.gateway.docs_dir
    if root is None:
        await _send(exchange, _page(NO_DOCS.encode(), "text/html", "no-store"), status=404)
        return
    # Routing has dropped the trailing slash on which relative links of a page depend.
    path = unquote(exchange.scope["raw_path"].decode("latin-1"), errors="replace")
    relative = path.removeprefix(PREFIX).lstrip("/")
    file = locate(root, relative)
    if file is not None and file.is_dir():
        if not path.endswith("/"):
            await _redirect(exchange, f"{quote(path)}/", status=308)
            return
        file /= "index.html"
    encodings = accepted_encodings(exchange.header(b"accept-encoding") or "")
    page = await _read(file, encodings)
    if page is None:
        missing = await _read(locate(root, _not_found_page(root, relative)), encodings)
        fallback = _page(NOT_FOUND.encode(), "text/html", "no-store")
        await _send(exchange, missing or fallback, status=404)
    elif exchange.header(b"if-none-match") == page.etag:
        await exchange.answer(b"", status=304, headers=_headers(page))
    else:
        await _send(exchange, page, status=200)


def accepted_encodings(header: str) -> tuple[str, ...]:
    """The codings of the site's variants that a client accepts, the smaller first."""
    weights: dict[str, float] = {}
    for part in header.split(","):
        coding, _, parameter = part.strip().partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([\d.]+)\s*", parameter.lower())
        try:
            weights[coding.strip().lower()] = float(weight[1]) if weight else 1.0
        except ValueError:
            continue
    return tuple(name for name in VARIANTS if weights.get(name, weights.get("*", 0.0)) > 0)


async def _read(file: Path | None, encodings: tuple[str, ...]) -> Page | None:
    return None if file is None else await asyncio.to_thread(read_page, file, encodings)


def locate(root: Path, relative: str) -> Path | None:
    """The file or directory below `root`; `None` where there is none, or it lies outside.

    Symbolic links are followed before the check, so one that leads out of the site is not served.
    """
    if "\0" in relative:
        return None
    try:
        found = (root / relative).resolve(strict=True)
        return found if found.is_relative_to(root.resolve()) else None
    except (OSError, RuntimeError):
        return None


def _not_found_page(root: Path, relative: str) -> str:
    """The 404 page of the language that was looked for."""
    language = relative.partition("/")[0]
    localised = f"{language}/404.html"
    return (
        localised
        if re.fullmatch("[a-z]{2}", language) and (root / localised).is_file()
        else ("404.html")
    )


def read_page(file: Path, encodings: tuple[str, ...] = ()) -> Page | None:
    """Read a file once for as long as it stays as it is.

    Args:
        file: the file as it is asked for.
        encodings: codings in which it may be sent; a variant older than the file is not used.
    """
    try:
        status = file.stat()
    except OSError:
        return None
    for encoding in encodings:
        variant = file.with_name(file.name + VARIANTS[encoding])
        try:
            found = variant.stat()
            if found.st_mtime_ns >= status.st_mtime_ns:
                return _cached_page(file, status.st_mtime_ns, status.st_size, encoding)
        except OSError:
            continue
    try:
        return _cached_page(file, status.st_mtime_ns, status.st_size, None)
    except OSError:
        return None


@lru_cache(maxsize=512)
def _cached_page(file: Path, mtime_ns: int, size: int, encoding: str | None) -> Page:
    guessed, packed = mimetypes.guess_type(file.name)
    media_type = MEDIA_TYPES.get(file.suffix) or (
        # Asked for by its own name, a compressed file is a file and no page.
        "application/octet-stream" if packed or guessed is None else guessed
    )
    immutable = HASHED_NAME.search(file.name)
    content = file.read_bytes()
    sent = (
        content if encoding is None else file.with_name(file.name + VARIANTS[encoding]).read_bytes()
    )
    page = _page(
        content,
        media_type,
        "public, max-age=31536000, immutable" if immutable else "no-cache",
    )
    return replace(page, content=sent, encoding=encoding, etag=_etag(sent))


def _page(content: bytes, media_type: str, cache_control: str) -> Page:
    text = media_type.startswith("text/") or media_type in {
        "application/json",
        "application/javascript",
        "application/atom+xml",
        "application/xml",
        "image/svg+xml",
    }
    return Page(
        content=content,
        encoding=None,
        content_type=f"{media_type}; charset=utf-8" if text else media_type,
        etag=_etag(content),
        cache_control=cache_control,
        policy=content_security_policy(content if media_type == "text/html" else b""),
    )


def _etag(content: bytes) -> str:
    return f'"{sha256(content).hexdigest()[:32]}"'


def content_security_policy(html: bytes) -> str:
    """A policy that allows this page its own inline scripts and no other."""
    scripts = sorted(
        {
            f"'sha256-{base64.b64encode(sha256(match['code'].encode()).digest()).decode()}'"
            for match in INLINE_SCRIPT.finditer(html.decode("utf-8", errors="replace"))
            if match["code"].strip()
        }
    )
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self'", *scripts]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _headers(page: Page) -> list[tuple[bytes, bytes]]:
    coding = [] if page.encoding is None else [(b"content-encoding", page.encoding.encode())]
    return [
        *coding,
        # A cache between must not send to one client what another one accepts.
        (b"vary", b"accept-encoding"),
        (b"etag", page.etag.encode()),
        (b"cache-control", page.cache_control.encode()),
        (b"content-security-policy", page.policy.encode()),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", b"DENY"),
    ]


async def _send(exchange: Exchange, page: Page, *, status: int) -> None:
    await exchange.answer(
        page.content,
        content_type=page.content_type.encode(),
        status=status,
        headers=_headers(page),
    )


async def _redirect(exchange: Exchange, location: str, *, status: int) -> None:
    await exchange.answer(b"", status=status, headers=[(b"location", location.encode())])
