"""Last month's usage as a table, to say in euros what a price change would have meant.

    model,token_class,quantity
    qwen3:8b,input,120000000
    qwen3:8b,reasoning_output,4500000
    whisper,audio,310

`token_class` is a price class of the catalogue. `quantity` counts tokens, or started minutes for
`audio`. Several rows of one model and class are added up; further columns are not read.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import get_args

from llmaas.bundle.tables import PriceId

COLUMNS = ("model", "token_class", "quantity")


class LedgerError(Exception):
    """A ledger that cannot be read; the message names the line and the remedy."""


@dataclass(frozen=True)
class Usage:
    """What was used of one model in one price class."""

    model: str
    price: str
    quantity: Decimal


def read_ledger(lines: Iterable[str]) -> tuple[Usage, ...]:
    """Read the CSV.

    Raises:
        LedgerError: a column is missing, or a row names no price class or no quantity.
    """
    rows = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise LedgerError(
            f"line 1: no column {' and no column '.join(missing)}; "
            f"the first line is {','.join(COLUMNS)}"
        )
    return tuple(_usage(row, rows.line_num) for row in rows)


def _usage(row: dict[str, str], line: int) -> Usage:
    price = (row["token_class"] or "").strip()
    if price not in get_args(PriceId):
        raise LedgerError(
            f"line {line}: token_class {price!r}; it is one of {', '.join(get_args(PriceId))}"
        )
    try:
        quantity = Decimal((row["quantity"] or "").strip())
    except InvalidOperation:
        quantity = Decimal("NaN")
    if not quantity.is_finite() or quantity < 0:
        raise LedgerError(f"line {line}: quantity {row['quantity']!r}; write a number from 0 up")
    return Usage((row["model"] or "").strip(), price, quantity)
