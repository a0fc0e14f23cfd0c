"""The price table: what a unit costs from which day on."""

from llmaas.bundle import Price, PriceStep
from llmaas.bundle.tables import PriceId
from llmaas.catalog import model as authored
from llmaas.generators.compile.canonical import canonical_decimal


def compile_prices(prices: authored.Prices) -> tuple[Price, ...]:
    """One row per billing unit, in the order of an invoice; steps oldest first."""
    return (
        _price("input", prices.input),
        _price("output", prices.output),
        _price("reasoning_output", prices.reasoning_output),
        _price("audio", prices.audio),
    )


def _price(price_id: PriceId, price: authored.Price) -> Price:
    steps = sorted(price.steps, key=lambda step: step.effective_on)
    return Price(
        id=price_id,
        unit=price.unit,
        steps=tuple(
            PriceStep(effective_on=step.effective_on, eur=canonical_decimal(step.eur))
            for step in steps
        ),
        rounding=price.rounding,
    )
