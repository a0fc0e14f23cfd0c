"""The statement of one tenant and month: what was used, at which price, and what is due.

Every line is quantity times price, exactly; the lines add up to the total, exactly; only the amount
due is rounded, once, to the cent.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from llmaas.accounts.ledger import LedgerEntry
from llmaas.accounts.money import to_cents, to_eur
from llmaas.accounts.prices import Rate

_NAMES = {1_000_000: "million tokens", 60: "started minute"}


@dataclass(frozen=True)
class Line:
    """One class of usage of one model at one price."""

    model: str
    billed_as: str
    """`input`, `output`, `reasoning_output` or `audio`."""
    quantity: int
    """Tokens, or started minutes."""
    unit: str
    """What the price is for."""
    unit_price_eur: Decimal
    amount_pico: int

    @property
    def amount_eur(self) -> Decimal:
        """Exact."""
        return to_eur(self.amount_pico).normalize()


@dataclass(frozen=True)
class Energy:
    """What a model took."""

    model: str
    kwh: Decimal


@dataclass(frozen=True)
class Statement:
    """All of one tenant and month."""

    tenant: str
    month: str
    requests: int
    lines: tuple[Line, ...]
    energy: tuple[Energy, ...]
    """Of the models whose energy is known."""

    @property
    def total_pico(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_pico for line in self.lines)

    @property
    def due_eur(self) -> Decimal:
        """The total, rounded to the cent."""
        return to_cents(self.total_pico)


def statement_of(tenant: str, month: str, entries: Iterable[LedgerEntry]) -> Statement:
    """Add up the ledger of one tenant and month."""
    quantities: dict[tuple[str, str, Rate], int] = defaultdict(int)
    amounts: dict[tuple[str, str, Rate], int] = defaultdict(int)
    energy: dict[str, int] = defaultdict(int)
    requests = 0
    for entry in entries:
        requests += 1
        for billed_as, rate, count in _classes(entry):
            place = entry.request.model, billed_as, rate
            quantities[place] += -(-count // rate.unit_size) if rate.whole_units else count
            amounts[place] += rate.cost(count)
        if entry.energy_uwh is not None:
            energy[entry.request.model] += entry.energy_uwh
    lines = [
        Line(
            model=model,
            billed_as=billed_as,
            quantity=quantity,
            unit=_NAMES.get(rate.unit_size, "unit"),
            unit_price_eur=to_eur(rate.unit_pico).normalize(),
            amount_pico=amounts[model, billed_as, rate],
        )
        for (model, billed_as, rate), quantity in quantities.items()
    ]
    return Statement(
        tenant=tenant,
        month=month,
        requests=requests,
        lines=tuple(sorted(lines, key=lambda x: (x.model, x.billed_as, x.unit_price_eur))),
        energy=tuple(
            Energy(model, Decimal(uwh).scaleb(-9).normalize())
            for model, uwh in sorted(energy.items())
        ),
    )


def _classes(entry: LedgerEntry) -> Iterator[tuple[str, Rate, int]]:
    rates, usage = entry.request.rates, entry.usage
    for billed_as, rate, count in (
        ("input", rates.input, usage.prompt_tokens),
        ("output", rates.output, usage.completion_tokens - usage.reasoning_tokens),
        ("reasoning_output", rates.reasoning_output, usage.reasoning_tokens),
        ("audio", rates.audio, usage.audio_seconds),
    ):
        if count:
            yield billed_as, rate, count


_COLUMNS = ("model", "billed_as", "quantity", "unit", "unit_price_eur", "amount_eur")


def as_csv(statement: Statement) -> str:
    """One row per line, then the total and what is due."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for line in statement.lines:
        price, amount = f"{line.unit_price_eur:f}", f"{line.amount_eur:f}"
        writer.writerow((line.model, line.billed_as, line.quantity, line.unit, price, amount))
    total = f"{to_eur(statement.total_pico).normalize():f}"
    writer.writerow(("total", "", "", "", "", total))
    writer.writerow(("due", "", "", "", "", f"{statement.due_eur:f}"))
    return out.getvalue()


def as_facts(statement: Statement) -> dict[str, object]:
    """For programs; amounts are decimal strings."""
    return {
        "tenant": statement.tenant,
        "month": statement.month,
        "requests": statement.requests,
        "lines": [
            {
                "model": line.model,
                "billed_as": line.billed_as,
                "quantity": line.quantity,
                "unit": line.unit,
                "unit_price_eur": f"{line.unit_price_eur:f}",
                "amount_eur": f"{line.amount_eur:f}",
            }
            for line in statement.lines
        ],
        "total_eur": f"{to_eur(statement.total_pico).normalize():f}",
        "due_eur": f"{statement.due_eur:f}",
        "energy_kwh": {each.model: f"{each.kwh:f}" for each in statement.energy},
    }
