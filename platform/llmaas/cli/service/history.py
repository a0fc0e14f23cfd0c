"""One line of the history of applied bundles."""

from datetime import datetime
from typing import Literal

import msgspec

Action = Literal["start", "apply", "rollback"]
Outcome = Literal["serving", "refused"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody had a bundle served, or tried to."""

    at: datetime
    by: str
    """User of the machine, as the kernel knows it: `name` or `uid 1000`."""
    action: Action
    bundle: str
    catalogue_sha256: str
    program_version: str
    outcome: Outcome
    """`serving` also where no service was running, and the next start serves it."""
    running: bool = True
    """A service was running and took it over, or refused it."""
    reason: str | None = None
    """Of a refusal."""
