"""What the prompt-security layer caught of the public test sets, as it was last measured.

`benchmarks/security.py --shares` writes `screening.json`; the page on security places it.
"""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

_FILE = Path(__file__).with_name("screening.json")


def screening_share(tier: str, what: Literal["caught", "blocked"]) -> Decimal:
    """Percent of the texts of a tier (such as `attack/explicit`) that were caught or blocked."""
    return _shares()[tier][what]


@cache
def _shares() -> dict[str, dict[str, Decimal]]:
    shares: dict[str, dict[str, Decimal]] = json.loads(
        _FILE.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal
    )
    return shares
