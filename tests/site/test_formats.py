"""Figures as each language writes them."""

from datetime import date
from decimal import Decimal

import pytest

from llmaas.generators.site.formats import Formats, own_name

NARROW = "\u202f"
NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("language", "price", "tokens", "day"),
    [
        ("fr", f"1,80{NBSP}€", f"262{NARROW}144", "30 décembre 2026"),
        ("en", "€1.80", "262,144", "December 30, 2026"),
        ("es", f"1,80{NBSP}€", "262.144", "30 de diciembre de 2026"),
        ("de", f"1,80{NBSP}€", "262.144", "30. Dezember 2026"),
        ("it", f"1,80{NBSP}€", "262.144", "30 dicembre 2026"),
    ],
)
def test_each_language_writes_prices_numbers_and_dates_its_own_way(language, price, tokens, day):
    formats = Formats(language)
    assert formats.money(Decimal("1.8")) == price
    assert formats.number(262144) == tokens
    assert formats.day(date(2026, 12, 30)) == day


def test_a_small_amount_keeps_all_its_digits():
    assert Formats("fr").money(Decimal("0.000805")) == f"0,000805{NBSP}€"
    assert Formats("en").money(Decimal("0.000805")) == "€0.000805"


def test_an_amount_without_cents_can_be_written_without_them():
    assert Formats("de").whole_money(Decimal(1000)) == f"1.000{NBSP}€"
    assert Formats("de").whole_money(Decimal("1000.5")) == f"1.000,50{NBSP}€"


@pytest.mark.parametrize("language", ["fr", "en", "es", "de", "it"])
def test_a_short_date_names_its_month(language):
    assert any(letter.isalpha() for letter in Formats(language).short_day(date(2026, 5, 4)))


def test_a_language_menu_shows_each_language_in_itself():
    assert [own_name(code) for code in ("fr", "en", "es", "de", "it")] == [
        "Français",
        "English",
        "Español",
        "Deutsch",
        "Italiano",
    ]
