"""Prices and money: exact to the last token, from the day a price is effective."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.accounts.money import to_cents, to_eur, to_pico
from llmaas.accounts.prices import PriceList, Rates, Usage, energy_microwatthours
from llmaas.bundle import Price, PriceStep
from llmaas.bundle.tables import PriceId, PriceRounding, PriceUnit

COUNTS = st.integers(0, 10**7)


def price(
    price_id: PriceId,
    *steps: tuple[str, str],
    unit: PriceUnit = "million_tokens",
    rounding: PriceRounding = "exact",
) -> Price:
    rows = tuple(PriceStep(date.fromisoformat(day), Decimal(eur)) for day, eur in steps)
    return Price(price_id, unit, rows, rounding)


LIST = PriceList(
    (
        price("input", ("2025-06-01", "0.9"), ("2026-02-10", "1.9")),
        price("output", ("2025-06-01", "4"), ("2026-02-10", "8")),
        price("reasoning_output", ("2025-06-01", "21"), ("2026-02-10", "8")),
        price("audio", ("2025-06-01", "0.01"), unit="started_minute", rounding="up"),
    )
)
OLD, NEW = LIST.on(date(2026, 2, 9)), LIST.on(date(2026, 2, 10))


def eur(rates: Rates, **usage: int) -> Decimal:
    return to_eur(rates.cost(Usage(**usage)))


def test_a_price_is_billed_from_its_day() -> None:
    assert eur(OLD, prompt_tokens=1_000_000) == Decimal("0.9")
    assert eur(NEW, prompt_tokens=1_000_000) == Decimal("1.9")


def test_before_its_first_day_a_price_is_already_what_it_will_be() -> None:
    assert LIST.on(date(2020, 1, 1)) == OLD


def test_one_token_costs_its_millionth() -> None:
    assert eur(OLD, prompt_tokens=1) == Decimal("0.0000009")


def test_reasoning_is_never_counted_twice() -> None:
    assert eur(OLD, completion_tokens=1000, reasoning_tokens=1000) == Decimal("0.021")
    assert eur(OLD, completion_tokens=1000, reasoning_tokens=400) == Decimal("0.0108")


@pytest.mark.parametrize(
    ("seconds", "due"), [(0, "0"), (1, "0.01"), (60, "0.01"), (61, "0.02"), (3600, "0.60")]
)
def test_every_started_minute_of_audio_is_due(seconds: int, due: str) -> None:
    assert eur(OLD, audio_seconds=seconds) == Decimal(due)


@given(COUNTS, COUNTS, st.data())
def test_the_worst_case_is_never_less_than_the_bill(
    prompt: int, output: int, data: st.DataObject
) -> None:
    used = data.draw(st.integers(0, output))
    reasoning = data.draw(st.integers(0, used))
    for rates in (OLD, NEW):
        most = rates.worst_case(prompt_tokens=prompt, output_tokens=output)
        usage = Usage(prompt_tokens=prompt, completion_tokens=used, reasoning_tokens=reasoning)
        assert rates.cost(usage) <= most


@given(st.lists(COUNTS, max_size=30))
def test_the_cost_of_many_requests_is_the_cost_of_their_tokens(prompts: list[int]) -> None:
    single = sum(NEW.cost(Usage(prompt_tokens=each)) for each in prompts)
    assert single == NEW.cost(Usage(prompt_tokens=sum(prompts)))


def test_money_is_exact_or_refused() -> None:
    assert to_eur(to_pico(Decimal("0.000001"))) == Decimal("0.000001")
    assert to_cents(to_pico(Decimal("0.005"))) == Decimal("0.01")
    with pytest.raises(ValueError, match="12 decimals"):
        to_pico(Decimal("0.0000000000001"))


def test_energy_is_known_where_it_was_measured() -> None:
    assert energy_microwatthours(Decimal("2.5"), 1000) == 2_500_000
    assert energy_microwatthours(None, 1000) is None
