"""`llmaas`: the command that is called, and how the process ends."""

import gc
import os
import sys
from functools import cache
from typing import NoReturn

import typer

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.failures import default_logs, tell, unexpected
from llmaas.cli.tree import COMMANDS, tree


@cache
def __getattr__(name: str) -> typer.Typer:
    """`app`, the whole tree, for those who look at all commands."""
    if name == "app":
        return tree()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> NoReturn:
    """Run `llmaas` with the arguments of this process, and end the process."""
    called = next((each for each in sys.argv[1:] if not each.startswith("-")), None)
    command = COMMANDS.get(called) if called is not None else None
    if command is not None and command.brief:
        # A large catalogue is a million small values, all of them wanted until the end: looking
        # through them for cycles again and again takes as long as reading them.
        gc.disable()
    try:
        tree(called if command is not None else None)()
        code: int | str | None = Exit.OK
    except SystemExit as ended:
        code = ended.code
    except CommandError as error:
        code = tell(error)
    except Exception as error:
        failure = unexpected(error, default_logs())
        failure.__cause__ = error
        code = tell(failure)
    if "llmaas.cli.service.runtime" in sys.modules:
        _leave(code if isinstance(code, int) else Exit.OK)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """End without tearing the interpreter down.

    The HTTP server's threads are not Python's: they may still touch Python objects while the
    interpreter dissolves, which aborts the process after a clean stop.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1  # nobody reads what was written
    os._exit(code)
