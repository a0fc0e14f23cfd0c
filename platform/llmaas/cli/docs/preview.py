"""What `llmaas docs serve` serves: pages made when they are looked at, shown anew after an edit."""

import mimetypes
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from llmaas.cli.exits import CommandError
from llmaas.cli.service_day import today_of
from llmaas.cli.sources import read_valid
from llmaas.cli.steps import Steps

if TYPE_CHECKING:
    from llmaas.generators.site.preview import Preview

POLL_S = 0.1
HELD_S = 20.0
"""How long a browser's question whether there is something new is held."""
CHANGED = "/.changed/"
_ASKING = """<script>
(async () => {
  for (;;) {
    try {
      if ((await fetch("%(address)s")).status === 200) return location.reload();
    } catch {
      await new Promise((again) => setTimeout(again, 500));
    }
  }
})();
</script>
"""
"""Shows the page anew as soon as there is another version of it."""


@dataclass
class Shown:
    """The version that is looked at."""

    preview: "Preview"
    number: int = 0
    news: Condition = field(default_factory=Condition)

    def replace(self, preview: "Preview") -> None:
        """Show another version from now on."""
        with self.news:
            self.preview, self.number = preview, self.number + 1
            self.news.notify_all()

    def changed_since(self, number: int, *, within_s: float) -> bool:
        """Whether there is another version, as soon as there is one."""
        with self.news:
            return self.news.wait_for(lambda: self.number != number, within_s)


def preview_of(path: Path, *, stand_in: bool, before: "Preview | None" = None) -> "Preview":
    """The catalogue as a site.

    Raises:
        CommandError: it has errors, or the site cannot be made of it.
    """
    from llmaas.cli.docs.site import docs_available
    from llmaas.cli.exits import Exit
    from llmaas.gateway import openapi_document
    from llmaas.generators import compile_bundle
    from llmaas.generators.site import DocsError
    from llmaas.generators.site.preview import Preview

    if not docs_available():
        raise CommandError(
            Exit.CANNOT_START,
            "the documentation needs packages that are not installed",
            "install them with: pip install 'llmaas[docs]'",
        )
    catalog_file = read_valid(path)
    assert catalog_file.catalog is not None
    try:
        return Preview(
            catalog_file,
            today=today_of(compile_bundle(catalog_file.catalog).service)(),
            openapi=openapi_document,
            stand_in=stand_in,
            before=before,
        )
    except DocsError as error:
        raise CommandError(Exit.PROBLEMS, str(error)) from error


def server(listening: Any, shown: Shown) -> ThreadingHTTPServer:
    """A server on a socket that already listens."""
    made = ThreadingHTTPServer(
        listening.getsockname()[:2], partial(_Handler, shown), bind_and_activate=False
    )
    made.daemon_threads = True  # browsers hold questions open
    made.socket.close()
    made.socket = listening
    return made


def follow(
    path: Path,
    shown: Shown,
    steps: Steps,
    *,
    seen: int,
    make: Callable[["Preview"], "Preview"],
) -> None:
    """Show every version of the catalogue that is saved, until interrupted."""
    while True:
        time.sleep(POLL_S)
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            continue  # an editor is replacing it
        if changed == seen:
            continue
        seen = changed
        try:
            shown.replace(make(shown.preview))
        except CommandError as error:
            steps.say(f"error: {error}", style="red")
        else:
            steps.say(f"{time.strftime('%H:%M:%S')}  {path} changed")


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, shown: Shown, *arguments: Any) -> None:
        self._shown = shown
        super().__init__(*arguments)

    def do_GET(self) -> None:
        address = unquote(urlsplit(self.path).path)
        if address.startswith(CHANGED):
            number = address.removeprefix(CHANGED)
            known = int(number) if number.isdecimal() else -1
            self._answer(200 if self._shown.changed_since(known, within_s=HELD_S) else 204)
            return
        with self._shown.news:
            preview, number = self._shown.preview, str(self._shown.number)
        try:
            content = preview.file(address.lstrip("/"))
            if content is None and not address.endswith("/") and preview.file(f"{address[1:]}/"):
                self._answer(301, location=f"{address}/")
                return
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            self._answer(500, text.encode(), kind="text/plain; charset=utf-8")
            return
        kind = mimetypes.guess_type(address)[0] or "text/html"
        if content is None:
            content, kind = b"<!doctype html><body>There is no such page.</body>", "text/html"
            self._answer(404, _asking(content, number), kind=f"{kind}; charset=utf-8")
        elif kind == "text/html":
            self._answer(200, _asking(content, number), kind="text/html; charset=utf-8")
        else:
            self._answer(200, content, kind=kind)

    def _answer(
        self, status: int, content: bytes = b"", *, kind: str = "", location: str = ""
    ) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.send_header("cache-control", "no-store")
        for name, value in (("content-type", kind), ("location", location)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Pages are asked for all the time; nobody reads a line for each."""


def _asking(page: bytes, number: str) -> bytes:
    script = _ASKING % {"address": f"{CHANGED}{number}"}
    return page.replace(b"</body>", script.encode() + b"</body>", 1)
