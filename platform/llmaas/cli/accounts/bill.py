"""`llmaas bill`: what a tenant owes for a month."""

from enum import StrEnum
from typing import Annotated

import typer

from llmaas.cli.accounts.opening import open_administration, open_store
from llmaas.cli.accounts.options import refusing
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import DatabaseOption, StateDirOption
from llmaas.cli.state import state_dir

EXAMPLES = """
llmaas bill --tenant acme --month 2026-11
llmaas bill --tenant acme --month 2026-11 --format csv > acme.csv
llmaas bill --tenant acme --month 2026-11 --format json | jq .due_eur
"""


class BillFormat(StrEnum):
    """How a statement is printed."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


def bill(
    *,
    tenant: Annotated[
        str, typer.Option(envvar="LLMAAS_TENANT", metavar="ID", help="Whose statement.")
    ],
    month: Annotated[
        str, typer.Option(envvar="LLMAAS_MONTH", metavar="YYYY-MM", help="Of which month.")
    ],
    output_format: Annotated[
        BillFormat,
        typer.Option(
            "--format", envvar="LLMAAS_BILL_FORMAT", help="text for people, csv, json for programs."
        ),
    ] = BillFormat.TEXT,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Print the statement of a tenant and month.

    Lines are exact and add up to the total; only the amount due is rounded, to the cent. Months are
    calendar months of the service's time zone, and a request belongs to the one it began in.
    """
    import msgspec

    from llmaas.accounts.ledger import entries_of
    from llmaas.accounts.statement import as_csv, as_facts, statement_of

    _require_month(month)
    state = state_dir(state_directory)
    with refusing():
        open_administration(state, database).tenant(tenant)
    store = open_store(state, database)
    statement = statement_of(tenant, month, store.read(lambda d: entries_of(d, tenant, month)))
    if output_format is BillFormat.CSV:
        print(as_csv(statement), end="")
    elif output_format is BillFormat.JSON:
        print(msgspec.json.encode(as_facts(statement)).decode())
    else:
        from llmaas.cli.tables import print_table

        print(f"Tenant {tenant}, {month}: {statement.requests} requests\n")
        print_table(
            ("Model", "Billed as", "Quantity", "Price", "Amount"),
            [
                (
                    line.model,
                    line.billed_as,
                    f"{line.quantity}",
                    f"{line.unit_price_eur:f} € / {line.unit}",
                    f"{line.amount_eur:f} €",
                )
                for line in statement.lines
            ],
        )
        print(f"\nDue: {statement.due_eur:f} €, before tax")
        for each in statement.energy:
            print(f"Energy: {each.kwh:f} kWh, {each.model}")


def _require_month(text: str) -> None:
    from datetime import date

    try:
        date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise CommandError(Exit.USAGE, f"{text!r} is no month", "write it like 2026-11") from error
