"""Problems found in a catalogue, as values: collected, sorted, and rendered elsewhere."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend, at a place an editor can jump to.

    `line` and `column` count from 1. `code` is stable and has a golden case under `tests/golden/`.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    help: str | None = None
    severity: Severity = "error"
