"""How values become words and figures of a language."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Words:
    """What is needed to say something in a language."""

    text: Callable[[str], str]
    """The translation of a French text."""
    word: Callable[[str, str], str]
    """The word of the vocabulary for a category and a key."""
    number: Callable[[Decimal | int], str]
