"""What the checks report: values that a score, an audit event and an explanation are made of."""

from dataclasses import dataclass
from typing import Literal

Check = Literal["check_structure", "check_patterns", "check_behavior", "guardian"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for suspicion. Holds no text of the prompt."""

    check: Check
    rule: str
    """What was found; for a rule of the catalogue its id and language: `override.fr`."""
    family: str
    """Findings of one family count together and at most as much as one strong finding."""
    weight: float
    """1 is an attack in nearly every context, 0.5 a hint that needs company, 0 information."""
    view: str = "plain"
    start: int = 0
    end: int = 0
    """Byte offsets in the folded text of the view."""
    flags: bool = False
    """Whether the finding deserves a flag whatever the score."""
