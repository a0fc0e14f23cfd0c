"""`llmaas docs`: the documentation site, built or looked at while writing."""

import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Annotated, Any

import typer

from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import CatalogOption
from llmaas.cli.service_day import today_of
from llmaas.cli.sources import read_valid, require_catalog
from llmaas.cli.steps import Steps

BUILD_EXAMPLES = """
llmaas docs build                      into ./site-build
llmaas docs build --out public --strict
"""
SERVE_EXAMPLES = """
llmaas docs serve                      http://127.0.0.1:8000, rebuilt when the catalogue changes
llmaas docs serve --port 0
"""
POLL_S = 0.5

app = typer.Typer(
    help="Build the documentation, or look at it while you write.",
    no_args_is_help=True,
    epilog=epilog(BUILD_EXAMPLES + SERVE_EXAMPLES.lstrip()),
)

StandInOption = Annotated[
    bool,
    typer.Option(
        "--stand-in",
        envvar="LLMAAS_DOCS_STAND_IN",
        help="Say on every page that stand-in weights answer.",
    ),
]


@app.command(epilog=epilog(BUILD_EXAMPLES))
def build(
    *,
    catalog: CatalogOption = None,
    out: Annotated[
        Path,
        typer.Option(
            envvar="LLMAAS_DOCS_OUT",
            metavar="DIR",
            help="Where to put it; replaced if it is a site.",
        ),
    ] = Path("site-build"),
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            envvar="LLMAAS_DOCS_STRICT",
            help="Refuse a site with texts that are not translated.",
        ),
    ] = False,
    base_path: Annotated[
        str,
        typer.Option(
            envvar="LLMAAS_DOCS_BASE_PATH",
            metavar="PATH",
            help="Path under which it will be served; only the page for missing pages needs it.",
        ),
    ] = "/docs/",
    stand_in: StandInOption = False,
) -> None:
    """Build the site of every language as static files. No page asks another host for anything."""
    path = require_catalog(catalog)
    _require_replaceable(out)
    _build(path, out, Steps(), stand_in=stand_in, strict=strict, base_path=base_path)
    print(f"The documentation is in {out}; it begins with {out / 'index.html'}.")


@app.command(epilog=epilog(SERVE_EXAMPLES))
def serve(
    *,
    catalog: CatalogOption = None,
    port: Annotated[
        int,
        typer.Option(
            envvar="LLMAAS_DOCS_PORT",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port to serve on; 0 picks a free one.",
        ),
    ] = 8000,
    stand_in: StandInOption = False,
) -> None:
    """Build the site and serve it on this machine; a change of the catalogue builds it again."""
    from llmaas.cli.listener import take_port

    path = require_catalog(catalog)
    steps = Steps()
    listener = take_port("127.0.0.1", port)
    seen = path.stat().st_mtime_ns  # before the build, which would miss a change during it
    with TemporaryDirectory(prefix="llmaas-docs-") as temporary:
        site = Path(temporary) / "site"
        _build(path, site, steps, stand_in=stand_in, base_path="/")
        server = _server(listener.socket, site)
        Thread(target=server.serve_forever, daemon=True).start()
        print(f"{listener.url}/  (Ctrl-C stops; saving {path} builds it again)", flush=True)
        try:
            _rebuild_on_change(path, site, steps, seen=seen, stand_in=stand_in)
        except KeyboardInterrupt:
            server.shutdown()


def _build(
    path: Path,
    out: Path,
    steps: Steps,
    *,
    stand_in: bool,
    base_path: str,
    strict: bool = False,
) -> None:
    from llmaas.cli.site import build as build_site
    from llmaas.generators import compile_bundle

    catalog_file = read_valid(path)
    assert catalog_file.catalog is not None
    today = today_of(compile_bundle(catalog_file.catalog).service)()
    with steps.step(f"Documentation of {path}") as step:
        build_site(
            catalog_file,
            out,
            today=today,
            stand_in=stand_in,
            progress=step.progress,
            strict=strict,
            base_path=base_path,
        )


def _require_replaceable(out: Path) -> None:
    """Only an empty directory or an earlier site is ever replaced."""
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or _is_site(out))):
        raise CommandError(
            Exit.USAGE,
            f"{out} exists and is no site built by this command",
            "choose another directory with --out, or remove it yourself",
        )


def _is_site(directory: Path) -> bool:
    return (directory / "index.html").is_file() and (directory / "search").is_dir()


def _server(listening: Any, site: Path) -> ThreadingHTTPServer:
    """A server for files on a socket that already listens."""
    handler = partial(_QuietHandler, directory=str(site))
    server = ThreadingHTTPServer(listening.getsockname()[:2], handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    return server


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Pages are asked for all the time; nobody reads a line for each."""


def _rebuild_on_change(path: Path, site: Path, steps: Steps, *, seen: int, stand_in: bool) -> None:
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
            _build(path, site, steps, stand_in=stand_in, base_path="/")
        except CommandError as error:
            steps.say(f"error: {error}", style="red")
