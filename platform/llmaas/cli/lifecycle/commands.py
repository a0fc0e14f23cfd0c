"""`llmaas lifecycle`: what the calendar asks for, and who has to be told."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from llmaas.cli.catalog.models import AtOption
from llmaas.cli.examples import epilog
from llmaas.cli.exits import Exit
from llmaas.cli.lifecycle import notify as lifecycle_notify
from llmaas.cli.lifecycle.calls import Calls, calls_in_file, calls_in_ledger
from llmaas.cli.lifecycle.due import WINDOW_DAYS, Due, due_on, leaving
from llmaas.cli.lifecycle.notices import (
    contact_languages,
    languages_of,
    notices_of,
    require_notices,
    write_notices,
)
from llmaas.cli.options import (
    CatalogOption,
    DatabaseOption,
    JsonOption,
    StateDirOption,
    UsageOption,
)
from llmaas.cli.service_day import today_of, zone_of
from llmaas.cli.sources import load_source
from llmaas.cli.state import state_dir

EXAMPLES = """
llmaas lifecycle report                       what is due today, who calls what leaves
llmaas lifecycle report --at 2027-01-01       what will be due on a day
llmaas lifecycle report --usage calls.csv     with usage from elsewhere
llmaas lifecycle report --notices ./notices   mails and payloads, for each tenant
llmaas lifecycle report --strict              for CI: fails when a promise is broken
"""

app = typer.Typer(
    help="See what the lifecycle asks for, and tell customers.",
    no_args_is_help=True,
    epilog=epilog(EXAMPLES),
)


app.command("notify", epilog=epilog(lifecycle_notify.EXAMPLES))(lifecycle_notify.notify)


@app.command(epilog=epilog(EXAMPLES))
def report(
    *,
    catalog: CatalogOption = None,
    at: AtOption = None,
    usage: UsageOption = None,
    notices: Annotated[
        Path | None,
        typer.Option(
            envvar="LLMAAS_NOTICES",
            metavar="DIR",
            help="Write a notice for each tenant that calls a leaving model.",
        ),
    ] = None,
    language_of: Annotated[
        list[str] | None,
        typer.Option(
            "--language",
            envvar="LLMAAS_NOTICE_LANGUAGES",
            metavar="TENANT=CODE",
            show_default="the tenant's own",
            help="Language of a tenant's notice; without any, the service's first.",
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            envvar="LLMAAS_LIFECYCLE_STRICT",
            help="Fail when the catalogue breaks its own policy on that day.",
        ),
    ] = False,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is due on a day, and which tenants and keys still call models that leave.

    Usage is that of the 30 days up to the day, from the ledger of the state directory. Nothing is
    sent: --notices writes the text and HTML of each mail and the JSON of a webhook to files;
    `llmaas lifecycle notify` sends them.
    """
    bundle = load_source(catalog).bundle
    today = today_of(bundle.service)() if at is None else at.date()
    since = today - timedelta(days=WINDOW_DAYS)
    if usage is not None:
        calls: tuple[Calls, ...] | None = calls_in_file(usage)
    else:
        calls = calls_in_ledger(
            state_dir(state_directory),
            database,
            since=since,
            until=today,
            zone=zone_of(bundle.service),
        )
    due = due_on(bundle, today)
    going = leaving(bundle, today)
    still = None if calls is None else tuple(each for each in calls if each.model in going)
    print(_as_json(today, due, still) if as_json else _as_text(today, due, still))
    if notices is not None:
        require_notices()
        known = contact_languages(state_dir(state_directory), database)
        languages = languages_of(bundle, known, language_of or [])
        write_notices(notices, notices_of(bundle, still or (), languages, since, today))
    if strict and any(each.breaks_policy for each in due):
        raise typer.Exit(Exit.PROBLEMS)


def _as_json(today: date, due: tuple[Due, ...], calls: tuple[Calls, ...] | None) -> str:
    facts = {
        "day": today.isoformat(),
        "due": [
            asdict(each) | {"day": each.day.isoformat(), "breaks_policy": each.breaks_policy}
            for each in due
        ],
        "calls": None if calls is None else [asdict(each) for each in calls],
    }
    return json.dumps(facts, indent=2)


def _as_text(today: date, due: tuple[Due, ...], calls: tuple[Calls, ...] | None) -> str:
    lines = [f"Due on {today}:"]
    for each in due:
        lines.append(f"{'!' if each.breaks_policy else ' '} {each.model or 'catalogue'}")
        lines += [f"    {each.day}  {each.message}", f"    help: {each.help}"]
    lines.append("")
    if calls is None:
        lines.append("Who still calls what leaves is not known: no ledger here, and no --usage.")
    elif not calls:
        lines.append("Nobody calls a model that leaves.")
    else:
        lines.append("Still calling models that leave:")
        lines += [
            f"  {each.tenant}  key {each.key}  {each.model}: {each.requests} requests"
            for each in calls
        ]
    return "\n".join(lines)
