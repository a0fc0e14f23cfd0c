"""`llmaas edit model`: a model comes, is announced to leave, stays longer, goes."""

from datetime import datetime
from typing import Annotated

import typer

from llmaas.cli.catalog.models import AtOption
from llmaas.cli.edit import model_add as edit_model_add
from llmaas.cli.edit.making import DryRunOption, make_edit
from llmaas.cli.examples import epilog
from llmaas.cli.options import CatalogOption

DEPRECATE_EXAMPLES = """
llmaas edit model deprecate qwen3:14b --successor qwen3:32b
llmaas edit model deprecate qwen3:14b --successor qwen3:32b --on 2027-01-01
"""
EXTEND_EXAMPLES = """
llmaas edit model extend qwen3:14b --until 2027-06-30
"""
REMOVE_EXAMPLES = """
llmaas edit model remove qwen3:14b
"""

app = typer.Typer(
    help="Add, deprecate, extend and remove models.",
    no_args_is_help=True,
    epilog=epilog(
        "".join(each.lstrip() for each in (DEPRECATE_EXAMPLES, EXTEND_EXAMPLES, REMOVE_EXAMPLES))
    ),
)

ModelArgument = Annotated[
    str, typer.Argument(envvar="LLMAAS_MODEL", metavar="ID", help="Model id or alias.")
]


@app.command(epilog=epilog(DEPRECATE_EXAMPLES))
def deprecate(
    model: ModelArgument,
    *,
    successor: Annotated[
        str,
        typer.Option(envvar="LLMAAS_SUCCESSOR", metavar="ID", help="The model to move to."),
    ],
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on",
            envvar="LLMAAS_DEPRECATE_ON",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            show_default="today",
            help="The day from which customers are asked to move.",
        ),
    ] = None,
    removed_on: Annotated[
        datetime | None,
        typer.Option(
            "--remove-on",
            envvar="LLMAAS_REMOVE_ON",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            show_default="the earliest lawful day",
            help="A removal later than it must be.",
        ),
    ] = None,
    catalog: CatalogOption = None,
    dry_run: DryRunOption = False,
    at: AtOption = None,
) -> None:
    """Ask customers to move, and announce the removal for the earliest day that is lawful.

    That day follows from the promises of the catalogue: the months of notice, and the end of
    support that was announced.
    """
    from llmaas.catalog.edit import deprecate as edit

    make_edit(
        catalog,
        lambda authored, today: edit(
            authored,
            model,
            successor=successor,
            today=today,
            on=None if on is None else on.date(),
            removed_on=None if removed_on is None else removed_on.date(),
        ),
        at=at,
        dry_run=dry_run,
    )


@app.command(epilog=epilog(EXTEND_EXAMPLES))
def extend(
    model: ModelArgument,
    *,
    until: Annotated[
        datetime,
        typer.Option(
            envvar="LLMAAS_EXTEND_UNTIL",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="The new end of support; a later day than the present one.",
        ),
    ],
    catalog: CatalogOption = None,
    dry_run: DryRunOption = False,
    at: AtOption = None,
) -> None:
    """Support a model longer; a removal that would come before moves with it."""
    from llmaas.catalog.edit import extend as edit

    make_edit(
        catalog,
        lambda authored, _: edit(authored, model, until=until.date()),
        at=at,
        dry_run=dry_run,
    )


@app.command(epilog=epilog(REMOVE_EXAMPLES))
def remove(
    model: ModelArgument,
    *,
    even_if_it_answers: Annotated[
        bool,
        typer.Option(
            "--even-if-it-answers",
            envvar="LLMAAS_EVEN_IF_IT_ANSWERS",
            help="For a model that nobody was told of yet.",
        ),
    ] = False,
    catalog: CatalogOption = None,
    dry_run: DryRunOption = False,
    at: AtOption = None,
) -> None:
    """Take a retired model out of the catalogue, with the comments inside of its entry.

    A model that still answers is deprecated instead, so that its customers hear of it.
    """
    from llmaas.catalog.edit import remove as edit

    make_edit(
        catalog,
        lambda authored, today: edit(
            authored, model, today=today, even_if_it_answers=even_if_it_answers
        ),
        at=at,
        dry_run=dry_run,
    )


app.command("add", epilog=epilog(edit_model_add.EXAMPLES))(edit_model_add.add)
