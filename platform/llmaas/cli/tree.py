"""The commands of `llmaas`, each imported only where it is needed: one command, or the whole tree.

A command that validates a catalogue in a blink must not wait for the imports of those that run a
service.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer

from llmaas.cli.examples import epilog
from llmaas.cli.exits import MEANINGS
from llmaas.cli.failures import DEBUG_VARIABLE

EXAMPLES = """
llmaas up              set up, validate, generate and serve everything here
llmaas check           every problem of the catalogue in one run
llmaas models list     the models, their phases and dates
llmaas init            write a small catalogue to start a service of your own
llmaas up --help       every command explains itself
"""
_EXIT_CODES = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
_RUN, _CATALOGUE, _OPERATE = "Run a service", "Catalogue and what is derived", "Operate"


@dataclass(frozen=True)
class Command:
    """Where a command is: `llmaas.cli.<module>`, as a function of its name or as a group `app`."""

    module: str
    panel: str
    brief: bool = False
    """Whether it reads a catalogue, says something and ends."""


COMMANDS: Mapping[str, Command] = {
    "up": Command("service.up", _RUN),
    "serve": Command("service.serve", _RUN),
    "apply": Command("service.apply", _RUN),
    "pull": Command("service.pull", _RUN),
    "worker": Command("service.worker", _RUN),
    "init": Command("catalog.init", _CATALOGUE),
    "check": Command("catalog.check", _CATALOGUE, brief=True),
    "plan": Command("catalog.plan", _CATALOGUE, brief=True),
    "generate": Command("catalog.generate", _CATALOGUE, brief=True),
    "models": Command("catalog.models", _CATALOGUE, brief=True),
    "edit": Command("edit.commands", _CATALOGUE, brief=True),
    "import": Command("catalog.import_catalog", _CATALOGUE, brief=True),
    "lifecycle": Command("lifecycle.commands", _CATALOGUE),
    "docs": Command("docs.commands", _CATALOGUE),
    "openapi": Command("catalog.openapi", _CATALOGUE, brief=True),
    "keys": Command("accounts.keys", _OPERATE),
    "tenants": Command("accounts.tenants", _OPERATE),
    "bill": Command("accounts.bill", _OPERATE),
    "audit": Command("accounts.audit", _OPERATE),
    "db": Command("accounts.db", _OPERATE),
    "security": Command("security", _OPERATE),
    "version": Command("version", _OPERATE),
}
"""By name, in the order in which the help lists them."""


def tree(only: str | None = None) -> typer.Typer:
    """All commands, or the one that is called."""
    app = typer.Typer(
        name="llmaas",
        help=(
            "Run large language models as a service, from one YAML file.\n\n"
            "The catalogue says what the service offers. From it come the tables the gateway "
            "obeys, the policies it enforces and the documentation in every language."
        ),
        epilog=f"{epilog(EXAMPLES)}\n\n[bold]Exit codes[/bold]\n{_EXIT_CODES}",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(every_command)
    for name in COMMANDS if only is None else (only,):
        command = COMMANDS[name]
        module = import_module(f"llmaas.cli.{command.module}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, rich_help_panel=command.panel)
        else:
            register = app.command(epilog=epilog(module.EXAMPLES), rich_help_panel=command.panel)
            register(getattr(module, name))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from llmaas.cli.version import version

        version()
        raise typer.Exit


def every_command(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar=DEBUG_VARIABLE, help="Show tracebacks of defects.")
    ] = False,
) -> None:
    """Options of every command."""
    assert not version  # its callback has ended the command
    if debug:
        # Through the environment, so that `main` and child processes see it too.
        os.environ[DEBUG_VARIABLE] = "1"
