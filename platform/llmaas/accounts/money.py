"""Money as whole picoeuro: sums are exact, and one token at 0.90 € per million is a whole number.

A 64-bit integer holds nine million euros of them: what one customer pays in and spends, ever.
"""

from decimal import ROUND_HALF_UP, Decimal

PICO_PER_EUR = 10**12
MOST_PICO = 2**63 - 1
"""What a column holds."""
CENT = Decimal("0.01")


def to_pico(eur: Decimal) -> int:
    """Whole picoeuro of an amount.

    Raises:
        ValueError: it has more than twelve decimals.
    """
    pico = eur * PICO_PER_EUR
    whole = int(pico)
    if whole != pico:
        raise ValueError(f"{eur} € has more than 12 decimals, which cannot be billed exactly")
    return whole


def to_eur(pico: int) -> Decimal:
    """The exact amount in euros."""
    return Decimal(pico).scaleb(-12)


def to_cents(pico: int) -> Decimal:
    """The amount due: euros with two decimals, half a cent rounded away from zero."""
    return to_eur(pico).quantize(CENT, rounding=ROUND_HALF_UP)
