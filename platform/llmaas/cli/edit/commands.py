"""`llmaas edit`: changes of the catalogue that keep its comments, or do not happen."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer

from llmaas.cli.catalog.models import AtOption
from llmaas.cli.edit import model as edit_model
from llmaas.cli.edit.making import DryRunOption, make_edit, positive
from llmaas.cli.examples import epilog
from llmaas.cli.options import CatalogOption

EXAMPLES = """
llmaas edit model deprecate qwen3:14b --successor qwen3:32b
llmaas edit price set output 8.00 --from 2027-01-01
llmaas edit tier set tier-1 --monthly-cap-eur 1200
llmaas edit alias add qwen3:8b qwen3 --dry-run
"""
PRICE_EXAMPLES = """
llmaas edit price set output 8.00 --from 2027-01-01
llmaas edit price set audio 0.012 --from 2027-01-01 --dry-run
"""
TIER_EXAMPLES = """
llmaas edit tier set tier-1 --monthly-cap-eur 1200
llmaas edit tier set tier-1 --output-tokens-per-hour 200000
"""
ALIAS_EXAMPLES = """
llmaas edit alias add qwen3:8b qwen3
"""

app = typer.Typer(
    help=(
        "Change the catalogue. Comments, order and style stay; a change that would make an error "
        "is not made."
    ),
    no_args_is_help=True,
    epilog=epilog(EXAMPLES),
)
price_app = typer.Typer(help="Change prices.", no_args_is_help=True, epilog=epilog(PRICE_EXAMPLES))
tier_app = typer.Typer(help="Change tiers.", no_args_is_help=True, epilog=epilog(TIER_EXAMPLES))
alias_app = typer.Typer(
    help="Change the names of models.", no_args_is_help=True, epilog=epilog(ALIAS_EXAMPLES)
)
app.add_typer(edit_model.app, name="model")
app.add_typer(price_app, name="price")
app.add_typer(tier_app, name="tier")
app.add_typer(alias_app, name="alias")


def parse_eur(text: str) -> Decimal:
    """An amount above 0."""
    return positive(text, "amount", "euros above 0, such as 0.90")


@price_app.command("set", epilog=epilog(PRICE_EXAMPLES))
def set_price(
    price: Annotated[
        str,
        typer.Argument(
            envvar="LLMAAS_PRICE",
            metavar="CLASS",
            help="input, output, reasoning_output or audio.",
        ),
    ],
    eur: Annotated[
        Decimal,
        typer.Argument(
            envvar="LLMAAS_EUR",
            metavar="EUR",
            parser=parse_eur,
            help="Euros for a million tokens, or a started minute.",
        ),
    ],
    *,
    effective_on: Annotated[
        datetime,
        typer.Option(
            "--from",
            envvar="LLMAAS_PRICE_FROM",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="The first day on which it is billed; a later day than today.",
        ),
    ],
    catalog: CatalogOption = None,
    dry_run: DryRunOption = False,
    at: AtOption = None,
) -> None:
    """Bill another amount from a later day on. Steps that are in force stay as they are."""
    from llmaas.catalog.edit import set_price as edit

    make_edit(
        catalog,
        lambda authored, today: edit(
            authored, price, eur, effective_on=effective_on.date(), today=today
        ),
        at=at,
        dry_run=dry_run,
    )


@tier_app.command("set", epilog=epilog(TIER_EXAMPLES))
def set_tier(
    tier: Annotated[
        str, typer.Argument(envvar="LLMAAS_TIER", metavar="ID", help="Id of the tier.")
    ],
    *,
    upfront_credit_eur: Annotated[
        Decimal | None,
        typer.Option(
            envvar="LLMAAS_TIER_CREDIT",
            metavar="EUR",
            parser=parse_eur,
            help="Prepaid balance to activate it.",
        ),
    ] = None,
    monthly_cap_eur: Annotated[
        Decimal | None,
        typer.Option(
            envvar="LLMAAS_TIER_CAP",
            metavar="EUR",
            parser=parse_eur,
            help="Spending per calendar month.",
        ),
    ] = None,
    output_tokens_per_hour: Annotated[
        int | None,
        typer.Option(
            envvar="LLMAAS_TIER_HOUR", metavar="N", min=1, help="Output tokens in any hour."
        ),
    ] = None,
    output_tokens_per_day: Annotated[
        int | None,
        typer.Option(
            envvar="LLMAAS_TIER_DAY", metavar="N", min=1, help="Output tokens in any day."
        ),
    ] = None,
    catalog: CatalogOption = None,
    dry_run: DryRunOption = False,
    at: AtOption = None,
) -> None:
    """Change what a tier costs and allows. `llmaas plan` says what that means to its customers."""
    from llmaas.catalog.edit import set_tier as edit

    given = {
        "upfront_credit_eur": upfront_credit_eur,
        "monthly_cap_eur": monthly_cap_eur,
        "output_tokens_per_hour": output_tokens_per_hour,
        "output_tokens_per_day": output_tokens_per_day,
    }
    terms = {key: value for key, value in given.items() if value is not None}
    make_edit(catalog, lambda authored, _: edit(authored, tier, terms), at=at, dry_run=dry_run)


@alias_app.command("add", epilog=epilog(ALIAS_EXAMPLES))
def add_alias(
    model: Annotated[
        str, typer.Argument(envvar="LLMAAS_MODEL", metavar="ID", help="Model id or alias.")
    ],
    alias: Annotated[
        str, typer.Argument(envvar="LLMAAS_ALIAS", metavar="ALIAS", help="The further name.")
    ],
    *,
    catalog: CatalogOption = None,
    dry_run: DryRunOption = False,
    at: AtOption = None,
) -> None:
    """Let requests name a model by one more name."""
    from llmaas.catalog.edit import add_alias as edit

    make_edit(catalog, lambda authored, _: edit(authored, model, alias), at=at, dry_run=dry_run)
