"""How every `llmaas edit` command ends: the change is shown, and made unless it was only tried."""

import difflib
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service_day import today_of
from llmaas.cli.sources import read_valid, require_catalog

if TYPE_CHECKING:
    from llmaas.catalog import Catalog
    from llmaas.catalog.edit import Edit, EditedText

DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", envvar="LLMAAS_DRY_RUN", help="Show the change and do not make it."),
]


def positive(text: str, kind: str, such_as: str) -> Decimal:
    """A number above 0 as it was written.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise typer.BadParameter(f"{text!r} is no {kind}; write {such_as}")
    return number


def make_edit(
    given: Path | None,
    edit_of: "Callable[[Catalog, date], Edit]",
    *,
    at: datetime | None,
    dry_run: bool,
) -> None:
    """Make an edit in the catalogue, and print it as a difference.

    Args:
        given: the catalogue that was named, if one was.
        edit_of: the edit for a catalogue, on a day.
        at: the day, where it is not today.
        dry_run: whether to leave the file alone.

    Raises:
        CommandError: the edit is refused, or the file cannot be written.
    """
    from llmaas.catalog import render_problems
    from llmaas.catalog.edit import EditRefusedError, edited, write_edited
    from llmaas.generators import compile_bundle

    path = require_catalog(given)
    current = read_valid(path)
    assert current.catalog is not None
    today = today_of(compile_bundle(current.catalog).service)() if at is None else at.date()
    try:
        edit = edit_of(current.catalog, today)
        result = edited(current, path.read_bytes(), edit) if dry_run else write_edited(path, edit)
    except EditRefusedError as error:
        if error.problems:
            print(render_problems(error.problems, "text").rstrip(), file=sys.stderr)
        raise CommandError(Exit.PROBLEMS, str(error), error.remedy) from error
    except OSError as error:
        raise CommandError(
            Exit.CANNOT_START,
            f"cannot write {error.filename or path}: {error.strerror}",
            "check the permissions of the file and of its directory",
        ) from error
    print(_difference(path, result), end="")
    for note in edit.notes:
        print(f"# {note}")
    print("# not written: --dry-run" if dry_run else "# next: llmaas plan, then llmaas generate")


def _difference(path: Path, result: "EditedText") -> str:
    lines = difflib.unified_diff(
        result.before.splitlines(keepends=True),
        result.after.splitlines(keepends=True),
        f"{path} (before)",
        f"{path} (after)",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
