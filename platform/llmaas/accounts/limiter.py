"""Where the book is kept: in this process, or shared by several."""

import asyncio
from typing import Protocol

from llmaas.accounts.account import Booked
from llmaas.accounts.book import Book, Demand, Held
from llmaas.accounts.limits import Limits, Refusal, Remaining


class LimiterUnavailableError(Exception):
    """The server that keeps the book does not answer; nothing can be admitted until it does."""


class Limiter(Protocol):
    """The book of running requests. `settle` and `progress` never wait, so they work in cleanup.

    What is awaited raises `LimiterUnavailableError` where the book is kept elsewhere.
    """

    @property
    def held(self) -> frozenset[Held]:
        """Every open reservation of this process."""

    async def reserve(self, demand: Demand, now_ms: int) -> Held | Refusal:
        """Hold the worst case of a request, or say which limit stands in the way."""

    async def resize(self, held: Held, *, cost_pico: int, now_ms: int) -> Refusal | None:
        """Hold another cost, now that the prompt was counted."""

    def progress(self, held: Held, *, output_tokens: int, cost_pico: int) -> None:
        """Note what is due so far."""

    def settle(self, held: Held, now_ms: int) -> Booked | None:
        """Book the progress and free the rest; `None` when that was done before."""

    async def remaining(
        self, tenant: str, key: str, limits: tuple[Limits, Limits], now_ms: int
    ) -> tuple[Remaining | None, Remaining | None]:
        """What is left of requests and of output tokens."""

    async def count_left(self, booked: Booked, now_ms: int) -> None:
        """Count usage that a dead process left."""

    async def keep_alive(self) -> None:
        """Renew what this process holds, for ever; run it beside the requests."""

    async def close(self) -> None:
        """Let go of it."""


class LocalLimiter:
    """The book of the only process."""

    def __init__(self, book: Book) -> None:
        self.book = book

    @property
    def held(self) -> frozenset[Held]:
        """Every open reservation of this process."""
        return self.book.held

    async def reserve(self, demand: Demand, now_ms: int) -> Held | Refusal:
        """Hold the worst case of a request, or say which limit stands in the way."""
        return self.book.reserve(demand, now_ms)

    async def resize(self, held: Held, *, cost_pico: int, now_ms: int) -> Refusal | None:
        """Hold another cost, now that the prompt was counted."""
        return self.book.resize(held, cost_pico=cost_pico, now_ms=now_ms)

    def progress(self, held: Held, *, output_tokens: int, cost_pico: int) -> None:
        """Note what is due so far."""
        self.book.progress(held, output_tokens=output_tokens, cost_pico=cost_pico)

    def settle(self, held: Held, now_ms: int) -> Booked | None:
        """Book the progress and free the rest; `None` when that was done before."""
        return self.book.settle(held, now_ms)

    async def remaining(
        self, tenant: str, key: str, limits: tuple[Limits, Limits], now_ms: int
    ) -> tuple[Remaining | None, Remaining | None]:
        """What is left of requests and of output tokens."""
        return (
            self.book.remaining_requests(tenant, key, limits, now_ms),
            self.book.remaining_tokens(tenant, key, limits, now_ms),
        )

    async def count_left(self, booked: Booked, now_ms: int) -> None:
        """Nothing to count: the book was opened after what the dead left was in the ledger."""

    async def keep_alive(self) -> None:
        """Nothing to renew: every request settles in the context it is held in."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to let go of."""
