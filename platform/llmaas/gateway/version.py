"""Which version of the catalogue an app serves; every answer is stamped with it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from litestar.types import Message, Scope

CATALOGUE = "x-llmaas-catalogue"
SHORT = 12
"""Hexadecimal digits of a catalogue's hash that tell versions of one service apart."""


@dataclass(frozen=True)
class Version:
    """A catalogue as it is served."""

    catalogue_sha256: str
    program_version: str
    serving_since: datetime
    previous: "Version | None" = None
    """What this server served before; it has no `previous` of its own."""

    @property
    def short(self) -> str:
        """As answers are stamped."""
        return self.catalogue_sha256[:SHORT]


@dataclass(frozen=True)
class Refusal:
    """A bundle that was not taken over, so that the one before goes on."""

    catalogue_sha256: str
    refused_at: datetime
    reason: str


def stamp_of(version: Version) -> Callable[[Message, Scope], Awaitable[None]]:
    """Put the version on every answer (`before_send`)."""
    header = CATALOGUE.encode(), version.short.encode()

    async def stamp(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], header]

    return stamp
