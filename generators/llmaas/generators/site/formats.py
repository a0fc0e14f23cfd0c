"""Numbers, money, dates and names as each language writes them (CLDR, through Babel)."""

from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent

Figure = int | Decimal


class Formats:
    """Formats of one language."""

    def __init__(self, language: str) -> None:
        self.locale = Locale.parse(language)

    def number(self, value: Figure) -> str:
        """Grouped digits, every given decimal: `262 144`, `0,15`."""
        return format_decimal(value, locale=self.locale, decimal_quantization=False)

    def money(self, eur: Decimal) -> str:
        """Euros with cents, or with as many digits as the amount has: `1,80 €`, `0,000805 €`."""
        if eur == eur.quantize(Decimal("0.01")):
            return format_currency(eur, "EUR", locale=self.locale)
        return format_currency(
            eur.normalize(), "EUR", locale=self.locale, decimal_quantization=False
        )

    def whole_money(self, eur: Decimal) -> str:
        """Euros without cents where there are none: `1 000 €`."""
        if eur != eur.to_integral_value():
            return self.money(eur)
        pattern = self.locale.currency_formats["standard"].pattern.replace("0.00", "0")
        return format_currency(eur, "EUR", pattern, locale=self.locale, currency_digits=False)

    def percent(self, value: Decimal) -> str:
        """A percentage given as such: `99 %`."""
        return format_percent(value / 100, locale=self.locale, decimal_quantization=False)

    def day(self, value: date) -> str:
        """A date in words, so that no reader takes the month for the day."""
        return format_date(value, "long", locale=self.locale)

    def short_day(self, value: date) -> str:
        """A date for tables, the month abbreviated: `30 déc. 2026`."""
        return format_skeleton("yMMMd", value, locale=self.locale)

    def month(self, value: date) -> str:
        """A month for the axis of a picture: `janv. 2026`."""
        return format_skeleton("yMMM", value, locale=self.locale)

    def listing(self, values: list[str]) -> str:
        """`a, b et c`."""
        return format_list(values, locale=self.locale)

    def country(self, code: str) -> str:
        """The country's name."""
        return str(self.locale.territories.get(code, code))

    def language(self, code: str) -> str:
        """The language's name."""
        return str(self.locale.languages.get(code, code))


def own_name(language: str) -> str:
    """A language's name in itself, as a language menu shows it: `Français`, `Deutsch`."""
    locale = Locale.parse(language)
    name = locale.get_display_name(locale) or language
    return name[:1].upper() + name[1:]
