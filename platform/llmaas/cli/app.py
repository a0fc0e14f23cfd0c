"""`llmaas`: the tree of commands, and how the process ends."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from llmaas.cli import (
    apply,
    check,
    docs,
    edit,
    generate,
    import_catalog,
    init,
    keys,
    models,
    openapi,
    plan,
    pull,
    security,
    serve,
    tenants,
    up,
    version,
)
from llmaas.cli.examples import epilog
from llmaas.cli.exits import MEANINGS, CommandError, Exit
from llmaas.cli.failures import DEBUG_VARIABLE, default_logs, defect, tell

EXAMPLES = """
llmaas up              set up, validate, generate and serve everything here
llmaas check           every problem of the catalogue in one run
llmaas models list     the models, their phases and dates
llmaas init            write a small catalogue to start a service of your own
llmaas up --help       every command explains itself
"""
_EXIT_CODES = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="llmaas",
    help=(
        "Run large language models as a service, from one YAML file.\n\n"
        "The catalogue says what the service offers. From it come the tables the gateway obeys, "
        "the policies it enforces and the documentation in every language."
    ),
    epilog=f"{epilog(EXAMPLES)}\n\n[bold]Exit codes[/bold]\n{_EXIT_CODES}",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def every_command(
    *,
    debug: Annotated[
        bool, typer.Option("--debug", envvar=DEBUG_VARIABLE, help="Show tracebacks of defects.")
    ] = False,
) -> None:
    """Options of every command."""
    if debug:
        # Through the environment, so that `main` and child processes see it too.
        os.environ[DEBUG_VARIABLE] = "1"


_RUN, _CATALOGUE, _OPERATE = "Run a service", "Catalogue and what is derived", "Operate"

app.command(epilog=epilog(up.EXAMPLES), rich_help_panel=_RUN)(up.up)
app.command(epilog=epilog(serve.EXAMPLES), rich_help_panel=_RUN)(serve.serve)
app.command(epilog=epilog(apply.EXAMPLES), rich_help_panel=_RUN)(apply.apply)
app.command(epilog=epilog(pull.EXAMPLES), rich_help_panel=_RUN)(pull.pull)
app.command(epilog=epilog(init.EXAMPLES), rich_help_panel=_CATALOGUE)(init.init)
app.command(epilog=epilog(check.EXAMPLES), rich_help_panel=_CATALOGUE)(check.check)
app.command(epilog=epilog(plan.EXAMPLES), rich_help_panel=_CATALOGUE)(plan.plan)
app.command(epilog=epilog(generate.EXAMPLES), rich_help_panel=_CATALOGUE)(generate.generate)
app.add_typer(models.app, name="models", rich_help_panel=_CATALOGUE)
app.add_typer(edit.app, name="edit", rich_help_panel=_CATALOGUE)
app.add_typer(import_catalog.app, name="import", rich_help_panel=_CATALOGUE)
app.add_typer(docs.app, name="docs", rich_help_panel=_CATALOGUE)
app.command(epilog=epilog(openapi.EXAMPLES), rich_help_panel=_CATALOGUE)(openapi.openapi)
app.add_typer(keys.app, name="keys", rich_help_panel=_OPERATE)
app.add_typer(tenants.app, name="tenants", rich_help_panel=_OPERATE)
app.add_typer(security.app, name="security", rich_help_panel=_OPERATE)
app.command(epilog=epilog(version.EXAMPLES), rich_help_panel=_OPERATE)(version.version)


def main() -> NoReturn:
    """Run `llmaas` with the arguments of this process, and end the process."""
    try:
        app()
        code: int | str | None = Exit.OK
    except SystemExit as ended:
        code = ended.code
    except CommandError as error:
        code = tell(error)
    except Exception as error:
        failure = defect(error, default_logs())
        failure.__cause__ = error
        code = tell(failure)
    if "llmaas.cli.runtime" in sys.modules:
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
