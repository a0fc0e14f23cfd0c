"""`llmaas plan`: what a change of the catalogue does to customers, before it happens."""

import csv
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.catalog.against import Live, live_of
from llmaas.cli.catalog.models import AtOption
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import CatalogArgument
from llmaas.cli.service_day import today_of
from llmaas.cli.sources import read_valid, require_catalog

if TYPE_CHECKING:
    from datetime import date

    from llmaas.catalog import Catalog
    from llmaas.catalog.plan import Plan, Usage

EXAMPLES = """
llmaas plan                              against the last commit
llmaas plan --against origin/main        what a branch does
llmaas plan --against /etc/llmaas        against a bundle that is served
llmaas plan --against http://127.0.0.1:8080
llmaas plan --ledger october.csv         with the effect on last month's bill
llmaas plan --format markdown >> "$GITHUB_STEP_SUMMARY"
"""


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def plan(
    catalog: CatalogArgument = None,
    *,
    against: Annotated[
        str,
        typer.Option(
            # The second is what pre-commit sets when a push is checked: what the remote has.
            envvar=["LLMAAS_AGAINST", "PRE_COMMIT_FROM_REF"],
            metavar="REF|DIR|URL",
            help="What is live: a git revision, a bundle directory, or a running service.",
        ),
    ] = "HEAD",
    output_format: Annotated[
        PlanFormat,
        typer.Option(
            "--format",
            envvar="LLMAAS_PLAN_FORMAT",
            help="text for people, json for programs, markdown for a pull request.",
        ),
    ] = PlanFormat.TEXT,
    ledger: Annotated[
        Path | None,
        typer.Option(
            envvar="LLMAAS_LEDGER",
            metavar="FILE",
            help="Last month's usage, as CSV: model,token_class,quantity.",
        ),
    ] = None,
    pages: Annotated[
        bool,
        typer.Option(
            "--pages/--no-pages",
            envvar="LLMAAS_PLAN_PAGES",
            help="Count the pages of the documentation that change.",
        ),
    ] = True,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_API_KEY", metavar="KEY", help="For a running service that asks for one."
        ),
    ] = None,
    at: AtOption = None,
) -> None:
    """Show what the catalogue changes for whom, against what is live.

    Each change is compatible (+), needs a notice (~) or breaks a promise (!); a breaking one names
    the rule it violates and what to do instead. The exit code is that of the gravest: 0, 10 or 11.

    A bundle and a running service tell less than a whole catalogue. What cannot be compared with
    them is listed.
    """
    from llmaas.catalog.plan import render_plan
    from llmaas.generators import compile_bundle

    path = require_catalog(catalog)
    after = read_valid(path).catalog
    assert after is not None
    today = today_of(compile_bundle(after).service)() if at is None else at.date()
    usage = _usage(ledger)
    live = live_of(against, path, api_key=api_key)
    found = _plan(live, after, today, usage)
    if pages and live.catalog is not None:
        found = _with_pages(found, live.catalog, after)
    _print(render_plan(found, live.name, output_format.value), output_format)
    if code := (Exit.OK, Exit.NOTICE_NEEDED, Exit.BREAKING)[found.effect]:
        raise typer.Exit(code)


def _plan(live: Live, after: "Catalog", today: "date", usage: "tuple[Usage, ...]") -> "Plan":
    from llmaas.catalog.plan import (
        NOT_IN_A_BUNDLE,
        NOT_IN_A_MODEL_LIST,
        as_listed,
        plan,
        plan_trees,
        tree_of_bundle,
        tree_of_model_list,
    )
    from llmaas.generators import compile_bundle

    if live.catalog is not None:
        return plan(live.catalog, after, today=today, ledger=usage)
    here = tree_of_bundle(compile_bundle(after))
    if live.bundle is not None:
        there = tree_of_bundle(live.bundle)
        return plan_trees(there, here, today=today, ledger=usage, not_compared=NOT_IN_A_BUNDLE)
    assert live.models is not None
    there = tree_of_model_list(live.models)
    return plan_trees(
        there,
        as_listed(here, there, today),
        today=today,
        ledger=usage,
        not_compared=NOT_IN_A_MODEL_LIST,
    )


def _with_pages(found: "Plan", before: "Catalog", after: "Catalog") -> "Plan":
    from llmaas.cli.catalog.pages import pages_changed

    changed = pages_changed(before, after, found.today) if found.changes else ()
    if changed is None:
        said = "pages of the documentation (install llmaas[docs])"
        return replace(found, not_compared=(*found.not_compared, said))
    return replace(found, pages=tuple(changed))


def _usage(ledger: Path | None) -> "tuple[Usage, ...]":
    from llmaas.catalog.plan import LedgerError, read_ledger

    if ledger is None:
        return ()
    try:
        with ledger.open(encoding="utf-8-sig", newline="") as lines:
            return read_ledger(lines)
    except (OSError, UnicodeDecodeError, csv.Error, LedgerError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise CommandError(
            Exit.USAGE,
            f"{ledger}: {said}",
            "give a CSV with the columns model,token_class,quantity",
        ) from error


def _print(rendered: str, output_format: PlanFormat) -> None:
    if output_format is not PlanFormat.TEXT or not sys.stdout.isatty():
        print(rendered, end="")
        return
    from rich.console import Console
    from rich.text import Text

    styles = {"!": "bold red", "~": "yellow", "+": "green"}
    console = Console(highlight=False)
    style = ""
    for line in rendered.splitlines():
        if not line.startswith("    "):  # what is indented further goes on with the line before
            style = styles.get(line[2:3], "") if line.startswith("  ") else "bold" if line else ""
        console.print(Text(line, style=style), soft_wrap=True)
