"""`llmaas import`: a first catalogue from what another program knows of its models."""

import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.catalog.models import AtOption
from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from llmaas.catalog.imports import Imported

LITELLM_EXAMPLES = """
llmaas import litellm-config config.yaml
llmaas import litellm-config config.yaml --out ai/models_config.yaml
"""
OLLAMA_EXAMPLES = """
ollama list | llmaas import ollama-list -
curl -s localhost:11434/api/tags | llmaas import ollama-list -
"""
LEGACY_EXAMPLES = """
llmaas import legacy old/models_config.yaml --out models_config.yaml
"""

app = typer.Typer(
    help="Make a first catalogue from what another program knows of its models.",
    no_args_is_help=True,
    epilog=epilog(LITELLM_EXAMPLES + OLLAMA_EXAMPLES.lstrip() + LEGACY_EXAMPLES.lstrip()),
)

SourceArgument = Annotated[
    Path,
    typer.Argument(
        envvar="LLMAAS_IMPORT_SOURCE", metavar="FILE", help="What to read; - is the input."
    ),
]
OutOption = Annotated[
    Path,
    typer.Option(
        "--out",
        envvar="LLMAAS_IMPORT_OUT",
        metavar="FILE",
        help="The catalogue to write; never overwritten.",
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        envvar="LLMAAS_IMPORT_REPORT",
        metavar="FILE",
        help="Write the report into a file instead of printing it.",
    ),
]
_OUT = Path("models_config.yaml")


@app.command("litellm-config", epilog=epilog(LITELLM_EXAMPLES))
def litellm_config(
    source: SourceArgument,
    *,
    out: OutOption = _OUT,
    report: ReportOption = None,
    at: AtOption = None,
) -> None:
    """Read the configuration of a LiteLLM proxy.

    Models of providers whose weights nobody else has are left out. Keys and addresses are not
    carried over.
    """
    from llmaas.catalog.imports import import_litellm

    _import(source, out, report, at, lambda content, day: import_litellm(content, today=day))


@app.command("ollama-list", epilog=epilog(OLLAMA_EXAMPLES))
def ollama_list(
    source: SourceArgument,
    *,
    out: OutOption = _OUT,
    report: ReportOption = None,
    at: AtOption = None,
) -> None:
    """Read what `ollama list` prints, or what `GET /api/tags` answers, which says more."""
    from llmaas.catalog.imports import import_ollama

    _import(source, out, report, at, lambda content, day: import_ollama(content, today=day))


@app.command("legacy", epilog=epilog(LEGACY_EXAMPLES))
def legacy(
    source: SourceArgument,
    *,
    out: OutOption = _OUT,
    report: ReportOption = None,
    at: AtOption = None,
) -> None:
    """Read the earlier `models_config.yaml`, with its French texts and its counts by hand.

    Tags become keys that are translated; sentences and counts are reported.
    """
    from llmaas.catalog.imports import import_legacy

    _import(source, out, report, at, lambda content, day: import_legacy(content, today=day))


def _import(
    source: Path,
    out: Path,
    report: Path | None,
    at: datetime | None,
    read: "Callable[[bytes, date], Imported]",
) -> None:
    from llmaas.catalog import json_schema
    from llmaas.catalog.imports import ImportRefusedError, render_report

    if out.exists():
        raise CommandError(
            Exit.USAGE, f"{out} exists and is left as it is", "give another path with --out"
        )
    try:
        content = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    except OSError as error:
        raise CommandError(
            Exit.USAGE, f"{source}: {(error.strerror or 'cannot be read').lower()}"
        ) from error
    try:
        imported = read(content, date.today() if at is None else at.date())  # noqa: DTZ011 - here
    except ImportRefusedError as error:
        raise CommandError(
            Exit.PROBLEMS, f"{source} cannot be imported: {error}", "nothing was written"
        ) from error
    told = render_report(imported)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8") as file:
            file.write(imported.text)
        schema = out.with_name("models_config.schema.json")
        if not schema.exists():
            schema.write_text(json_schema(), encoding="utf-8")
        if report is not None:
            report.write_text(told, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            Exit.CANNOT_START, f"cannot write {error.filename or out}: {error.strerror}"
        ) from error
    if report is None:
        print(told)
    print(f"Wrote {out}. Service, tiers and promises in it are examples: change them.")
    print(f"  llmaas check {out}")
