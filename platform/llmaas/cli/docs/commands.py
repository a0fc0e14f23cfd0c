"""`llmaas docs`: the documentation site, built or looked at while writing."""

import gc
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import CatalogOption
from llmaas.cli.service_day import today_of
from llmaas.cli.sources import read_valid, require_catalog
from llmaas.cli.steps import Steps

if TYPE_CHECKING:
    from llmaas.generators.site.preview import Preview

BUILD_EXAMPLES = """
llmaas docs build                      into ./site-build
llmaas docs build --out public --strict
"""
SERVE_EXAMPLES = """
llmaas docs serve                      http://127.0.0.1:8000, which follows the catalogue
llmaas docs serve --port 0
"""

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
    """Serve the site on this machine while it is written; pages open in a browser follow an edit.

    A page is made when it is looked at, so that an edit is seen at once. What `build` adds for
    readers is left out: compressed files, `llms.txt`, the site map.
    """
    from llmaas.cli.docs.preview import Shown, follow, preview_of, server
    from llmaas.cli.service.listener import take_port

    path = require_catalog(catalog)
    # A site is a great many values that stay; looking through them for cycles must not cost more
    # than making them.
    gc.set_threshold(200_000, 20, 20)
    listener = take_port("127.0.0.1", port)
    seen = path.stat().st_mtime_ns  # before it is read, which would miss a change during it
    shown = Shown(preview_of(path, stand_in=stand_in))
    serving = server(listener.socket, shown)
    Thread(target=serving.serve_forever, daemon=True).start()
    print(f"{listener.url}/  (Ctrl-C stops; saving {path} changes it)", flush=True)

    def make(before: "Preview") -> "Preview":
        return preview_of(path, stand_in=stand_in, before=before)

    with suppress(KeyboardInterrupt):
        follow(path, shown, Steps(), seen=seen, make=make)
    serving.shutdown()


def _build(
    path: Path,
    out: Path,
    steps: Steps,
    *,
    stand_in: bool,
    base_path: str,
    strict: bool = False,
) -> None:
    from llmaas.cli.docs.site import build as build_site
    from llmaas.generators import compile_bundle

    catalog_file = read_valid(path)
    assert catalog_file.catalog is not None
    today = today_of(compile_bundle(catalog_file.catalog).service)()
    try:
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
    except OSError as error:
        raise CommandError(
            Exit.CANNOT_START,
            f"cannot write {error.filename or out}: {error.strerror or error}",
            "make room or give write permission, or choose another directory with --out",
        ) from error


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
