"""Telling a person what went wrong: one line and a remedy; a traceback only where it belongs."""

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.state import state_dir

DEBUG_VARIABLE = "LLMAAS_DEBUG"
_SQLITE_FULL = "database or disk is full"
"""What SQLite says; its module is not imported for the sake of its exceptions."""


def tell(error: CommandError) -> int:
    """Print a failure on stderr and return the exit code it stands for."""
    print(f"error: {error}", file=sys.stderr)
    if error.exit_code is Exit.DEFECT and os.environ.get(DEBUG_VARIABLE) and error.__cause__:
        traceback.print_exception(error.__cause__)
    return int(error.exit_code)


@contextmanager
def defects_logged(logs: Path) -> Iterator[None]:
    """Turn an exception that nobody expected into one line; its traceback goes to `logs`."""
    try:
        yield
    except (CommandError, BrokenPipeError):
        raise  # a closed pipe: nobody wants to read what is printed
    except Exception as error:
        raise unexpected(error, logs) from error


def unexpected(error: Exception, logs: Path) -> CommandError:
    """The failure to tell for an exception that nobody expected."""
    return _disk_full(error) or _defect(error, logs)


def _disk_full(error: Exception) -> CommandError | None:
    """A disk may fill at any write, which is no defect of whoever writes."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        told = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    elif str(error) == _SQLITE_FULL:
        told = _SQLITE_FULL
    else:
        return None
    return CommandError(
        Exit.CANNOT_START, f"cannot write: {told}", "make room, or write to another disk"
    )


def _defect(error: Exception, logs: Path) -> CommandError:
    """A defect, its traceback written down."""
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    path = logs / f"defect-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
    try:
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)))
    except OSError:
        where = "run again with `llmaas --debug …` to see the traceback"
    else:
        where = f"the traceback is in {path}; `llmaas --debug …` shows it here"
    return CommandError(Exit.DEFECT, f"unexpected {told}", f"this is a defect of llmaas; {where}")


def default_logs() -> Path:
    """Where a command without a state directory of its own logs."""
    given = os.environ.get("LLMAAS_STATE_DIR")
    return state_dir(Path(given) if given else None).logs
