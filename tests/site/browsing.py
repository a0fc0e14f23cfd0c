"""What tests in a real browser need: a host for the site, Chromium, and pages that are watched."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.missing import missing

from llmaas.gateway.documentation import content_security_policy

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
KEY = "llmaas_k1_secret"
NO_BROWSER = pytest.mark.skipif(
    os.environ.get("LLMAAS_TESTS_NO_BROWSER") == "1",
    reason="LLMAAS_TESTS_NO_BROWSER=1 asks for no browser",
)


class DocsHost(SimpleHTTPRequestHandler):
    """The site with the gateway's policy, and as much of an API as its forms need."""

    def log_message(self, *_):
        pass

    def end_headers(self):
        file = Path(self.translate_path(self.path))
        page = file / "index.html" if file.is_dir() else file
        if self.command == "GET" and page.suffix == ".html" and page.is_file():
            self.send_header("content-security-policy", content_security_policy(page.read_bytes()))
        super().end_headers()

    def do_GET(self):
        if urlsplit(self.path).path.startswith("/v1/"):
            self._answer(200, {"path": self.path})
        else:
            super().do_GET()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["authorization"] != f"Bearer {KEY}":
            self._answer(401, {"error": {"code": "invalid_api_key"}})
        elif body.get("stream"):
            self._stream(["Bon", "jour, <b>", "monde"])
        else:
            self._answer(200, {"echo": body})

    def _answer(self, status, value):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.send_header("x-request-id", "req-1")
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, pieces):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for piece in pieces:
            event = json.dumps({"choices": [{"delta": {"content": piece}}]})
            self.wfile.write(f"data: {event}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


@contextmanager
def serving_docs(root: Path) -> Iterator[str]:
    """The address of the site that lies in `root/docs`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(DocsHost, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/docs/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_pages(browser: Browser, docs_url: str) -> Iterator[Callable[..., Page]]:
    """Opens pages; in the end, nothing may have left this host or complained.

    A test that provokes an error status passes `allowed` with its addresses.
    """
    requested, complaints, contexts = [], [], []
    host = docs_url.removesuffix("docs/")

    def open_page(path, *, allowed=(), **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()

        def failed(response):
            if response.status >= 400 and urlsplit(response.url).path not in allowed:
                complaints.append(response.url)

        def complained(message):
            if message.type == "error" and not (allowed and "status of" in message.text):
                complaints.append(message.text)

        page.on("request", lambda request: requested.append(request.url))
        page.on("console", complained)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", failed)
        page.goto(docs_url + path, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in requested if not url.startswith((host, "data:", "blob:"))] == []
    assert complaints == []
