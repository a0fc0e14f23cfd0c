"""`llmaas audit`: the trail of every access and every change."""

from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.accounts.opening import open_store
from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import DatabaseOption, StateDirOption
from llmaas.cli.state import state_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmaas.accounts import Store
    from llmaas.accounts.audit import AuditLine
    from llmaas.accounts.database import Database

PAGE = 1000
VERIFY_EXAMPLES = """
llmaas audit verify
"""
EXPORT_EXAMPLES = """
llmaas audit export > trail.jsonl
llmaas audit export --tenant acme
llmaas audit export --after 120000     what was added since the last export
"""

app = typer.Typer(
    help="Check and export the audit trail. It is append-only and chained by hashes.",
    no_args_is_help=True,
    epilog=epilog(VERIFY_EXAMPLES + EXPORT_EXAMPLES.lstrip()),
)


@app.command(epilog=epilog(VERIFY_EXAMPLES))
def verify(*, state_directory: StateDirOption = None, database: DatabaseOption = None) -> None:
    """Check that no record was changed, removed or put in since it was written.

    The hash printed stands for the whole trail: kept elsewhere, it also proves later that the end
    was not cut off and written anew.
    """
    found = open_store(state_dir(state_directory), database).verify_audit()
    if found.broken_at is not None:
        raise CommandError(
            Exit.PROBLEMS,
            f"the audit trail is broken at record {found.broken_at}: it or its neighbour was "
            "changed, removed or added later",
            "compare it with the last export or backup",
        )
    behind = (
        f" behind record {found.pruned}, up to which their time was over" if found.pruned else ""
    )
    print(f"{found.records} records{behind}, unbroken. Head: {found.head or 'none yet'}")


@app.command(epilog=epilog(EXPORT_EXAMPLES))
def export(
    *,
    tenant: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_TENANT", metavar="ID", show_default="all", help="Only of this tenant."
        ),
    ] = None,
    after: Annotated[
        int,
        typer.Option(envvar="LLMAAS_AUDIT_AFTER", min=0, help="Begin behind this record."),
    ] = 0,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Print the trail, one JSON object per line: `seq`, `hash` and `record`."""
    import json

    store = open_store(state_dir(state_directory), database)
    for line in _lines(store, tenant, after):
        facts = {"seq": line.seq, "hash": line.hash, "record": json.loads(line.body)}
        print(json.dumps(facts, ensure_ascii=False))


def _lines(store: "Store", tenant: str | None, after: int) -> "Iterator[AuditLine]":
    """The trail, some of it at a time: the whole may be larger than the memory."""
    from itertools import islice

    from llmaas.accounts import audit

    def page(database: "Database") -> "list[AuditLine]":
        return list(islice(audit.read(database, tenant=tenant, after=after), PAGE))

    while lines := store.read(page):
        yield from lines
        after = lines[-1].seq
