"""Statements add up: lines to the total, the total to the ledger, to the last picoeuro."""

import csv
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.conftest import bundle

from llmaas.accounts.ledger import LedgerEntry, Request
from llmaas.accounts.money import to_eur
from llmaas.accounts.prices import PriceList, Rates, Usage
from llmaas.accounts.statement import as_csv, as_facts, statement_of

PRICES = PriceList(bundle().prices)
OLD, NEW = PRICES.on(date(2026, 11, 1)), PRICES.on(date(2026, 12, 1))


def entry(model: str, rates: Rates, usage: Usage) -> LedgerEntry:
    request = Request(
        request_id="r",
        tenant="acme",
        key="k",
        model=model,
        endpoint="chat.completions",
        month="2026-11",
        admitted_ms=0,
        rates=rates,
        uwh_per_token=2500,
    )
    return LedgerEntry(request=request, settled_ms=0, usage=usage, outcome="completed")


COUNTS = st.integers(0, 10**6)
USAGES = st.builds(
    lambda prompt, reasoning, visible, audio: Usage(
        prompt_tokens=prompt,
        completion_tokens=reasoning + visible,
        reasoning_tokens=reasoning,
        audio_seconds=audio,
    ),
    *(COUNTS, COUNTS, COUNTS, st.integers(0, 4000)),
)
ENTRIES = st.builds(entry, st.sampled_from(["a:1", "b:2"]), st.sampled_from([OLD, NEW]), USAGES)


@given(st.lists(ENTRIES, max_size=20))
def test_lines_add_up_to_the_total_and_the_total_to_the_ledger(entries: list[LedgerEntry]) -> None:
    statement = statement_of("acme", "2026-11", entries)
    assert statement.total_pico == sum(each.cost_pico for each in entries)
    facts = as_facts(statement)
    lines = facts["lines"]
    assert isinstance(lines, list)
    printed = sum((Decimal(line["amount_eur"]) for line in lines), Decimal(0))
    assert printed == Decimal(str(facts["total_eur"])) == to_eur(statement.total_pico)
    for line in lines:
        size = 1_000_000 if line["unit"] == "million tokens" else 1
        due = Decimal(line["quantity"]) * Decimal(line["unit_price_eur"]) / size
        assert due == Decimal(line["amount_eur"])
    rows = list(csv.reader(as_csv(statement).splitlines()))
    assert sum((Decimal(row[5]) for row in rows[1:-2]), Decimal(0)) == Decimal(rows[-2][5])
    assert Decimal(rows[-1][5]) == round(printed, 2) or abs(
        Decimal(rows[-1][5]) - printed
    ) == Decimal("0.005")


def test_a_price_change_in_the_month_gives_two_lines() -> None:
    usage = Usage(prompt_tokens=500_000)
    statement = statement_of(
        "acme", "2026-11", [entry("a:1", OLD, usage), entry("a:1", NEW, usage)]
    )
    prices = [(line.unit_price_eur, line.amount_eur) for line in statement.lines]
    assert prices == [(Decimal(1), Decimal("0.5")), (Decimal(2), Decimal(1))]
    assert statement.due_eur == Decimal("1.50")


def test_every_started_minute_of_each_request_is_on_the_statement() -> None:
    usage = Usage(audio_seconds=61)
    statement = statement_of("acme", "2026-11", [entry("a:1", OLD, usage)] * 2)
    (line,) = statement.lines
    assert (line.quantity, line.unit, statement.due_eur) == (4, "started minute", Decimal("0.04"))


def test_the_energy_of_each_model_is_told_in_kwh() -> None:
    usage = Usage(completion_tokens=1_000_000)
    (energy,) = statement_of("acme", "2026-11", [entry("a:1", OLD, usage)]).energy
    assert energy.kwh == Decimal("2.5")
