"""`llmaas models`: the whole catalogue, with the phase of each model on a day."""

from datetime import date, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from llmaas.bundle import Bundle, LifecycleEntry, Phase, Route, phase_at
from llmaas.cli.examples import epilog
from llmaas.cli.model_ids import resolve_ids
from llmaas.cli.options import CatalogOption, JsonOption
from llmaas.cli.service_day import today_of
from llmaas.cli.sources import load_source

LIST_EXAMPLES = """
llmaas models list                       the whole catalogue today
llmaas models list --at 2027-01-01       and on another day
llmaas models list --phase deprecated    models to move away from
llmaas models list --json | jq length
"""
SHOW_EXAMPLES = """
llmaas models show granite3.3:8b
llmaas models show granite3.3:8b --json
"""
WIDE = 110
"""Columns from which the list has room for what models do."""

_STYLES = {
    Phase.UPCOMING: "cyan",
    Phase.EXPERIMENTAL: "magenta",
    Phase.PRODUCTION: "green",
    Phase.DEPRECATED: "yellow",
    Phase.END_OF_SUPPORT: "yellow",
    Phase.RETIRED: "dim",
}

app = typer.Typer(
    help="Look at the models of the catalogue.",
    no_args_is_help=True,
    epilog=epilog(LIST_EXAMPLES + SHOW_EXAMPLES.lstrip()),
)

AtOption = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        envvar="LLMAAS_AT",
        formats=["%Y-%m-%d"],
        metavar="YYYY-MM-DD",
        show_default="today",
        help="The day for which phases are computed.",
    ),
]


class Row(msgspec.Struct, frozen=True):
    """A model as `list --json` prints it; `show --json` adds what serves it."""

    id: str
    phase: Phase
    display_name: str
    publisher: str
    context_tokens: int | None
    released_on: date
    deprecated_on: date | None
    support_ends_on: date | None
    removed_on: date | None
    successor: str | None
    aliases: tuple[str, ...]
    endpoints: tuple[str, ...]
    capabilities: tuple[str, ...]


def rows(bundle: Bundle, day: date) -> list[Row]:
    """Every model, those that can be called first and within a phase by id."""
    routes = {route.model: route for route in bundle.routing}
    found = [_row(routes[entry.model], entry, day) for entry in bundle.lifecycle]
    order = list(Phase)
    return sorted(found, key=lambda row: (not row.phase.callable, order.index(row.phase), row.id))


def _row(route: Route, entry: LifecycleEntry, day: date) -> Row:
    return Row(
        id=route.model,
        phase=phase_at(entry, day),
        display_name=route.display_name,
        publisher=route.publisher,
        context_tokens=route.context_tokens,
        released_on=entry.released_on,
        deprecated_on=entry.deprecated_on,
        support_ends_on=entry.support_ends_on,
        removed_on=entry.removed_on,
        successor=entry.successor,
        aliases=route.aliases,
        endpoints=route.endpoints,
        capabilities=route.capabilities,
    )


@app.command("list", epilog=epilog(LIST_EXAMPLES))
def list_models(
    *,
    catalog: CatalogOption = None,
    at: AtOption = None,
    phase: Annotated[
        Phase | None,
        typer.Option(envvar="LLMAAS_PHASE", help="Only the models in this phase."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List every model with its phase and dates.

    The dates are facts of the catalogue, the phase follows from them. A model answers from
    its release to its removal; at the end of support it still answers, but is maintained no longer.
    """
    bundle = load_source(catalog).bundle
    day = today_of(bundle.service)() if at is None else at.date()
    found = [row for row in rows(bundle, day) if phase in {None, row.phase}]
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    console = Console()
    console.print(_table(found, wide=console.width >= WIDE))
    console.print(Text(f"{len(found)} models on {day}", style="dim"))


def _table(found: list[Row], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Model", overflow="fold")
    table.add_column("Phase", no_wrap=True)
    table.add_column("Context", justify="right", no_wrap=True)
    table.add_column("Released", no_wrap=True)
    table.add_column("Support ends", no_wrap=True)
    if wide:
        table.add_column("Removed", no_wrap=True)
        table.add_column("Successor", no_wrap=True)
    for row in found:
        cells: list[str | Text] = [
            row.id,
            Text(row.phase.replace("_", " "), style=_STYLES[row.phase]),
            "" if row.context_tokens is None else f"{row.context_tokens:,}".replace(",", " "),
            str(row.released_on),
            str(row.support_ends_on or ""),
        ]
        if wide:
            cells += [str(row.removed_on or ""), row.successor or ""]
        table.add_row(*cells)
    return table


@app.command("show", epilog=epilog(SHOW_EXAMPLES))
def show_model(
    model: Annotated[
        str, typer.Argument(envvar="LLMAAS_MODEL", metavar="ID", help="Model id or alias.")
    ],
    *,
    catalog: CatalogOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one model: names, phase, dates, what it can do and which weights serve it."""
    bundle = load_source(catalog).bundle
    day = today_of(bundle.service)() if at is None else at.date()
    (model_id,) = resolve_ids(bundle, [model])
    route = next(route for route in bundle.routing if route.model == model_id)
    entry = next(entry for entry in bundle.lifecycle if entry.model == model_id)
    worker = next(spec for spec in bundle.workers if spec.pool == route.pool)
    row = _row(route, entry, day)
    if as_json:
        facts = msgspec.to_builtins(row) | {"worker": msgspec.to_builtins(worker)}
        print(msgspec.json.encode(facts).decode())
        return
    weights = worker.weights
    shown = {
        "Name": f"{row.display_name} ({row.publisher})",
        "Aliases": ", ".join(row.aliases),
        "Phase": f"{row.phase.replace('_', ' ')} on {day}",
        "Released": row.released_on,
        "Deprecated": row.deprecated_on,
        "Support ends": row.support_ends_on,
        "Removed": row.removed_on,
        "Successor": row.successor,
        "Endpoints": ", ".join(row.endpoints),
        "Capabilities": ", ".join(row.capabilities),
        "Input": ", ".join(route.input_modalities),
        "Context": row.context_tokens and f"{row.context_tokens} tokens, served: {worker.n_ctx}",
        "In parallel": f"{worker.n_seq_max} sequences",
        "Upstream": route.root,
        "Weights": weights and f"{weights.repository} {weights.file} ({weights.quantisation})",
        "Projector": worker.mmproj and worker.mmproj.file,
    }
    table = Table.grid(padding=(0, 2, 0, 0))
    for label, value in shown.items():
        if value:
            table.add_row(Text(label, style="bold"), Text(str(value), overflow="fold"))
    console = Console()
    console.print(Text(row.id, style="bold green"))
    console.print(table)
