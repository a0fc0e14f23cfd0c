"""What the documentation site costs: to build, to load, and to see.

    python benchmarks/documentation.py            print the figures
    python benchmarks/documentation.py --write    put them into benchmarks/RESULTS.md

The site of all languages is built from nothing, with the seconds of the clock and of the
processor. Pages are then served as the gateway reads them, compressed variants included, and loaded
in Chromium without a cache: the bytes that came over the line, and when the largest thing on the
page was there.
"""

import argparse
import os
import platform
import re
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, sync_playwright

from llmaas.catalog import read_catalog
from llmaas.gateway import openapi_document
from llmaas.gateway.documentation import accepted_encodings, read_page
from llmaas.generators.site import build_site

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
CHROMIUM = "/usr/bin/chromium"
RUNS = 3
PAGES = ("", "models/", "models/qwen3-8b/", "prices/", "endpoints/", "try/", "de/models/")
BLOCK = re.compile(r"<!-- site -->.*?<!-- /site -->\n", re.DOTALL)
LARGEST = """() => new Promise(done => new PerformanceObserver(list => {
  done(list.getEntries().at(-1).startTime)
}).observe({type: "largest-contentful-paint", buffered: true}))"""


@dataclass(frozen=True)
class Build:
    """A build of all languages."""

    wall_s: float
    processor_s: float
    pages: int
    files: int
    megabytes: float


@dataclass(frozen=True)
class Load:
    """The first visit of a page."""

    path: str
    kilobytes: float
    requests: int
    largest_paint_ms: float


def build(out: Path) -> Build:
    """Build the site of our own catalogue."""
    catalog = read_catalog(ROOT / "catalog" / "models_config.yaml")
    started, used = time.perf_counter(), _processor_s()
    build_site(
        catalog,
        out,
        today=datetime.now(UTC).date(),
        openapi=openapi_document,
        stand_in=True,
    )
    wall, processor = time.perf_counter() - started, _processor_s() - used
    files = [path for path in out.rglob("*") if path.is_file()]
    return Build(
        wall_s=wall,
        processor_s=processor,
        pages=sum(path.suffix == ".html" for path in files),
        files=len(files),
        megabytes=sum(path.stat().st_size for path in files) / 1e6,
    )


def _processor_s() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """Serve the site with the gateway's headers and variants, on one machine."""

    class Host(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).removeprefix("/docs/")
            file = root / path
            page = read_page(
                file / "index.html" if file.is_dir() else file,
                accepted_encodings(self.headers.get("accept-encoding", "")),
            )
            self.send_response(200 if page else 404)
            self.send_header("content-length", str(len(page.content) if page else 0))
            if page is not None:
                self.send_header("content-type", page.content_type)
                self.send_header("content-security-policy", page.policy)
                if page.encoding:
                    self.send_header("content-encoding", page.encoding)
            self.end_headers()
            if page is not None:
                self.wfile.write(page.content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/docs/"
        finally:
            server.shutdown()
            thread.join()


def load(browser: Browser, url: str, path: str) -> Load:
    """Visit a page for the first time, several times."""
    visits = [_visit(browser, url + path) for _ in range(RUNS)]
    return Load(
        path=path or "(home)",
        kilobytes=visits[0][0] / 1000,
        requests=visits[0][1],
        largest_paint_ms=statistics.median(visit[2] for visit in visits),
    )


def _visit(browser: Browser, url: str) -> tuple[float, int, float]:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(url, wait_until="networkidle")
    largest: float = page.evaluate(LARGEST)
    context.close()
    return sum(received), len(received), largest


def report(built: Build, loads: list[Load]) -> str:
    """The section of the results."""
    where = (
        f"{datetime.now(UTC):%Y-%m-%d}, `nox -s bench_site` on {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} when it ended."
    )
    lines = [
        "<!-- site -->",
        "## Documentation site",
        "",
        where,
        "",
        "| build of all languages, from nothing | |",
        "|---|--:|",
        f"| clock, s (aim: 15 on idle cores) | {built.wall_s:.1f} |",
        f"| processor, s (over {os.cpu_count()} cores) | {built.processor_s:.1f} |",
        f"| pages | {built.pages} |",
        f"| files, variants included | {built.files} |",
        f"| MB, variants included | {built.megabytes:.1f} |",
        "",
        f"First visits without a cache, median of {RUNS} (aims: 150 kB, 1000 ms).",
        "",
        "| page | kB over the line | requests | largest contentful paint, ms |",
        "|---|--:|--:|--:|",
        *(
            f"| {one.path} | {one.kilobytes:.0f} | {one.requests} | {one.largest_paint_ms:.0f} |"
            for one in loads
        ),
        "<!-- /site -->",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and keep the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "docs"
        built = build(root)
        with serving(root) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            loads = [load(browser, url, path) for path in PAGES]
            browser.close()
    section = report(built, loads)
    print(section)
    if arguments.write:
        text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Measured\n"
        text = BLOCK.sub(lambda _: section, text) if BLOCK.search(text) else f"{text}\n{section}"
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
