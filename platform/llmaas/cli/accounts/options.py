"""What the commands about tenants, keys and bills share: limits as options, moments as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from decimal import Decimal

    from llmaas.accounts import Quota

RequestsOption = Annotated[
    int | None,
    typer.Option(
        "--minute-requests",
        envvar="LLMAAS_MINUTE_REQUESTS",
        min=0,
        show_default="no limit of its own",
        help="Requests in any minute.",
    ),
]
HourlyOption = Annotated[
    int | None,
    typer.Option(
        "--hourly-tokens",
        envvar="LLMAAS_HOURLY_TOKENS",
        min=0,
        show_default="no limit of its own",
        help="Output tokens in any hour.",
    ),
]
DailyOption = Annotated[
    int | None,
    typer.Option(
        "--daily-tokens",
        envvar="LLMAAS_DAILY_TOKENS",
        min=0,
        show_default="no limit of its own",
        help="Output tokens in any day.",
    ),
]
CapOption = Annotated[
    str | None,
    typer.Option(
        "--monthly-cap",
        envvar="LLMAAS_MONTHLY_CAP",
        metavar="EUR",
        show_default="no limit of its own",
        help="Spending per calendar month, in euros.",
    ),
]


def euros(text: str) -> "Decimal":
    """An amount of money.

    Raises:
        CommandError: it is none.
    """
    from decimal import Decimal, InvalidOperation

    from llmaas.accounts.tenant import check_amount

    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise CommandError(
            Exit.USAGE, f"{text!r} is no amount in euros", "write it like 12.50"
        ) from error
    with refusing():
        check_amount(amount)
    return amount


def quota_of(
    requests_per_minute: int | None,
    hourly_tokens: int | None,
    daily_tokens: int | None,
    monthly_cap: str | None,
) -> "Quota":
    """The limits that options gave."""
    from llmaas.accounts import Quota

    return Quota(
        requests_per_minute=requests_per_minute,
        output_tokens_per_hour=hourly_tokens,
        output_tokens_per_day=daily_tokens,
        monthly_cap_eur=None if monthly_cap is None else euros(monthly_cap),
    )


def moment(at_ms: int | None) -> str | None:
    """A moment for programs: ISO 8601, in UTC."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def day_text(at_ms: int | None) -> str:
    """A moment for people: its day."""
    return "" if at_ms is None else f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"


@contextmanager
def refusing() -> Iterator[None]:
    """Say in one line what the accounts refuse.

    Raises:
        CommandError: they did.
    """
    from llmaas.accounts import AccountsError, UnknownKeyError, UnknownTenantError

    try:
        yield
    except (AccountsError, UnknownKeyError, UnknownTenantError) as error:
        raise CommandError(Exit.USAGE, str(error)) from error
