"""What the price calculator computes with: the price list as the ledger has it, in picoeuro.

Every class of usage is `ceil(count × unit_pico ÷ unit_size)`, or `ceil(count ÷ unit_size) ×
unit_pico` where each started unit is due in full, exactly as it is billed.
"""

from dataclasses import dataclass
from typing import Any

from llmaas.bundle.tables import PriceId
from llmaas.generators.site.views import EXAMPLE_TOKENS, CatalogView, PriceView
from llmaas.generators.site.words import Words

PICO_PER_EUR = 10**12
UNIT_SIZES = {"million_tokens": 1_000_000, "started_minute": 60}
"""How many tokens, or seconds, one unit has."""
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class Entry:
    """A field of the calculator: `asked` of what, so many `per` of what is counted."""

    id: PriceId
    label: str
    value: int
    """What stands in it at first."""
    step: str


@dataclass(frozen=True)
class Calculator:
    """Fields, models and the data of the script."""

    entries: tuple[Entry, ...]
    models: tuple[tuple[str, str], ...]
    """Ids and names of the models whose energy is known."""
    data: dict[str, Any]


def calculator_of(view: CatalogView, words: Words) -> Calculator:
    """The calculator for the prices in force."""
    _ = words.text
    labels: dict[PriceId, str] = {
        "input": _("Tokens d’entrée"),
        "output": _("Tokens de sortie visibles"),
        "reasoning_output": _("Tokens de raisonnement"),
        "audio": _("Minutes d’audio"),
    }
    measured = [row for row in view.callable if row.generative and row.kwh_per_mtok is not None]
    return Calculator(
        entries=tuple(
            Entry(
                price.id,
                labels[price.id],
                EXAMPLE_TOKENS.get(price.id, 0),
                "any" if price.unit == "started_minute" else "1",
            )
            for price in view.prices
        ),
        models=tuple((row.id, row.model.display_name) for row in measured),
        data={
            "pico_per_eur": str(PICO_PER_EUR),
            "classes": [_class(price, words) for price in view.prices],
            "kwh_per_mtok": {row.id: str(row.kwh_per_mtok) for row in measured},
        },
    )


def _class(price: PriceView, words: Words) -> dict[str, Any]:
    word = words.word("price", price.id)
    return {
        "id": price.id,
        "label": word[:1].upper() + word[1:],
        # Strings, because a number of JavaScript has only 53 bits.
        "unit_pico": str(int(price.current.eur * PICO_PER_EUR)),
        "unit_size": str(UNIT_SIZES[price.unit]),
        "whole_units": price.rounding == "up",
        "counted_per_asked": SECONDS_PER_MINUTE if price.unit == "started_minute" else 1,
    }
