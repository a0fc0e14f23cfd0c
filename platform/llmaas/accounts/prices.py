"""What usage costs: the price list of a bundle on a day, and the cost of token counts under it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec

from llmaas.accounts.money import PICO_PER_EUR
from llmaas.bundle import Price

_UNITS = {"million_tokens": 1_000_000, "started_minute": 60}
"""How many tokens, or seconds, one unit has."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one request used. `reasoning_tokens` are part of `completion_tokens`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    audio_seconds: int = 0
    """Rounded up to whole seconds."""


class Rate(msgspec.Struct, frozen=True):
    """The price of one class of usage on one day."""

    unit_pico: int
    """Picoeuro for one unit …"""
    unit_size: int
    """… which has this many tokens or seconds."""
    whole_units: bool
    """Whether every started unit is due in full."""

    def cost(self, count: int) -> int:
        """Picoeuro of so many tokens or seconds; a fraction of a picoeuro is rounded up."""
        if self.whole_units:
            return -(-count // self.unit_size) * self.unit_pico
        return -(-count * self.unit_pico // self.unit_size)


FREE = Rate(0, 1, whole_units=False)


class Rates(msgspec.Struct, frozen=True):
    """The price list as it is on one day; a class without a price is free."""

    input: Rate = FREE
    output: Rate = FREE
    reasoning_output: Rate = FREE
    audio: Rate = FREE

    def cost(self, usage: Usage) -> int:
        """Picoeuro of a request. Every token is billed in exactly one class."""
        visible = usage.completion_tokens - usage.reasoning_tokens
        return (
            self.input.cost(usage.prompt_tokens)
            + self.output.cost(visible)
            + self.reasoning_output.cost(usage.reasoning_tokens)
            + self.audio.cost(usage.audio_seconds)
        )

    def worst_case(self, *, prompt_tokens: int, output_tokens: int, audio_seconds: int = 0) -> int:
        """Picoeuro at most, when it is not known yet how much of the output will be reasoning."""
        plain, reasoning = self.output, self.reasoning_output
        output = max(plain.cost(output_tokens), reasoning.cost(output_tokens))
        for rate in (plain, reasoning):
            # What begins a unit in both classes is rounded up in both.
            if rate.unit_pico % rate.unit_size or rate.whole_units:
                output += rate.cost(1)
        return self.input.cost(prompt_tokens) + output + self.audio.cost(audio_seconds)


@dataclass(frozen=True)
class PriceList:
    """The prices of a bundle, with the days from which they are billed."""

    prices: tuple[Price, ...]

    def on(self, day: date) -> Rates:
        """The price list on a day in the service's time zone.

        Before the first day of a price its first amount is due: nothing is given away because a
        date was mistyped.
        """
        return Rates(**{price.id: _rate(price, day) for price in self.prices})


def _rate(price: Price, day: date) -> Rate:
    eur = _effective(price, day)
    return Rate(
        unit_pico=int((eur * PICO_PER_EUR).to_integral_exact()),
        unit_size=_UNITS[price.unit],
        whole_units=price.rounding == "up",
    )


def _effective(price: Price, day: date) -> Decimal:
    effective = [step.eur for step in price.steps if step.effective_on <= day]
    return effective[-1] if effective else price.steps[0].eur


def energy_microwatthours(kwh_per_mtok: Decimal | None, completion_tokens: int) -> int | None:
    """Energy of the output of one request; `None` where the model was not measured."""
    if kwh_per_mtok is None:
        return None
    return round(kwh_per_mtok * completion_tokens * 1000)
