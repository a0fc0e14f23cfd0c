"""The book of one process: what every tenant and key has used and what running requests may still.

Pure policy: no clock, no disk, no await, so every operation is atomic on the event loop. A request
is admitted when its worst case fits into every limit of its tenant and of its key beside what is
used and what others hold; what it holds only shrinks or is checked again when it grows, and ends as
usage. Hence used + held never exceeds a limit, and what is held is the sum of the reservations.

    reserve ──► held ──► settle   the real usage is booked, the rest is free again
                 │ ├───► release  nothing is booked
                 │ └───► expire   the lease ended unattended: the progress is booked
                 └ resize (the prompt was counted) · progress · renew
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from llmaas.accounts.account import Account, Asked, Booked, remaining
from llmaas.accounts.limits import Level, Limits, Refusal, Remaining


class Demand(msgspec.Struct, frozen=True):
    """What a request asks for, at most."""

    tenant: str
    key: str
    tenant_limits: Limits
    key_limits: Limits
    month: str
    month_ends_ms: int
    output_tokens: int
    cost_pico: int


@dataclass(eq=False)
class Held:
    """What one running request holds. Change it through the book only."""

    demand: Demand
    output_tokens: int
    cost_pico: int
    expires_ms: int
    open: bool = True
    used_tokens: int = 0
    used_pico: int = 0
    """Progress: what is due if nobody attends to it any more."""


class Book:
    """All accounts of one process."""

    def __init__(self, *, lease_s: float) -> None:
        """An empty book.

        Args:
            lease_s: how long a reservation is held when nobody renews it.
        """
        self._lease_ms = int(lease_s * 1000)
        self._accounts: dict[tuple[Level, str], Account] = {}
        self._held: set[Held] = set()

    def opening(self, level: Level, name: str, *, month: str, spent: int, in_month: int) -> None:
        """Carry forward the sums of the ledger: all of it, and of one month."""
        account = self.account(level, name)
        account.spent_pico += spent
        account.spent_by_month[month] = account.spent_by_month.get(month, 0) + in_month

    def carry_tokens(self, level: Level, name: str, at_ms: int, output_tokens: int) -> None:
        """Carry forward recent output tokens, oldest first."""
        account = self.account(level, name)
        account.hour.add(at_ms, output_tokens)
        account.day.add(at_ms, output_tokens)

    def account(self, level: Level, name: str) -> Account:
        """The account of a tenant or key, empty when it was never used."""
        found = self._accounts.get((level, name))
        if found is None:
            found = self._accounts[level, name] = Account()
        return found

    @property
    def held(self) -> frozenset[Held]:
        """Every open reservation."""
        return frozenset(self._held)

    def reserve(self, demand: Demand, now_ms: int) -> Held | Refusal:
        """Hold the worst case of a request, or say which limit stands in the way."""
        refusal = self._refusal(demand, demand.output_tokens, demand.cost_pico, now_ms, requests=1)
        if refusal is not None:
            return refusal
        held = Held(demand, demand.output_tokens, demand.cost_pico, now_ms + self._lease_ms)
        self._held.add(held)
        for _, account, _ in self._levels(demand):
            account.requests.add(now_ms, 1)
            account.hold(demand.month, held.output_tokens, held.cost_pico)
        return held

    def resize(self, held: Held, *, cost_pico: int, now_ms: int) -> Refusal | None:
        """Hold another cost, now that the prompt was counted; a greater one is checked."""
        more = cost_pico - held.cost_pico
        if more > 0:
            refusal = self._refusal(held.demand, 0, more, now_ms, requests=0)
            if refusal is not None:
                return refusal
        for _, account, _ in self._levels(held.demand):
            account.hold(held.demand.month, 0, more)
        held.cost_pico = cost_pico
        return None

    def progress(self, held: Held, *, output_tokens: int, cost_pico: int) -> None:
        """Note what is due so far.

        Raises:
            ValueError: it is more than what is held.
        """
        if output_tokens > held.output_tokens or cost_pico > held.cost_pico:
            raise ValueError(
                f"{output_tokens} tokens for {cost_pico} p€ were used, "
                f"{held.output_tokens} for {held.cost_pico} p€ are held"
            )
        held.used_tokens = output_tokens
        held.used_pico = cost_pico

    def renew(self, held: Held, now_ms: int) -> bool:
        """Hold it for another lease; `False` when it has expired."""
        if not held.open:
            return False
        held.expires_ms = now_ms + self._lease_ms
        return True

    def settle(self, held: Held, now_ms: int) -> Booked | None:
        """Book the progress and free the rest; `None` when that was done before."""
        if not held.open:
            return None
        held.open = False
        self._held.discard(held)
        demand = held.demand
        booked = Booked(
            demand.tenant, demand.key, demand.month, now_ms, held.used_tokens, held.used_pico
        )
        for _, account, _ in self._levels(demand):
            account.hold(demand.month, -held.output_tokens, -held.cost_pico)
            account.book(booked)
        return booked

    def expire(self, now_ms: int) -> list[tuple[Held, Booked]]:
        """Settle every reservation whose lease has ended."""
        overdue = [held for held in self._held if held.expires_ms <= now_ms]
        return [
            (held, booked) for held in overdue if (booked := self.settle(held, now_ms)) is not None
        ]

    def book(self, booked: Booked) -> None:
        """Count usage that was never reserved here: of a process that died."""
        self.account(Level.TENANT, booked.tenant).book(booked)
        self.account(Level.KEY, booked.key).book(booked)

    def remaining_tokens(
        self, tenant: str, key: str, limits: tuple[Limits, Limits], now_ms: int
    ) -> Remaining | None:
        """The tightest window of output tokens; `None` where there is none."""
        found = []
        for account, each in self._both(tenant, key, limits):
            for limit, window in (
                (each.output_tokens_per_hour, account.hour),
                (each.output_tokens_per_day, account.day),
            ):
                if limit is not None:
                    found.append(remaining(limit, window, account.held_tokens, now_ms))
        return min(found, key=lambda each: each.remaining, default=None)

    def remaining_requests(
        self, tenant: str, key: str, limits: tuple[Limits, Limits], now_ms: int
    ) -> Remaining | None:
        """The tightest limit of requests; `None` where there is none."""
        found = [
            remaining(each.requests_per_minute, account.requests, 0, now_ms)
            for account, each in self._both(tenant, key, limits)
            if each.requests_per_minute is not None
        ]
        return min(found, key=lambda each: each.remaining, default=None)

    def _both(
        self, tenant: str, key: str, limits: tuple[Limits, Limits]
    ) -> Iterable[tuple[Account, Limits]]:
        accounts = self.account(Level.TENANT, tenant), self.account(Level.KEY, key)
        return zip(accounts, limits, strict=True)

    def _levels(self, demand: Demand) -> tuple[tuple[Level, Account, Limits], ...]:
        return (
            (Level.TENANT, self.account(Level.TENANT, demand.tenant), demand.tenant_limits),
            (Level.KEY, self.account(Level.KEY, demand.key), demand.key_limits),
        )

    def _refusal(
        self, demand: Demand, tokens: int, cost_pico: int, now_ms: int, *, requests: int
    ) -> Refusal | None:
        """The limit that keeps a request waiting longest; money first, for it needs a person."""
        asked = Asked(requests, tokens, cost_pico, demand.month, demand.month_ends_ms, now_ms)
        found = [
            refusal
            for level, account, limits in self._levels(demand)
            for refusal in account.refusals(level, limits, asked)
        ]
        return max(found, key=_severity, default=None)


def _severity(refusal: Refusal) -> tuple[bool, float]:
    wait = refusal.retry_after_s
    return refusal.of_quota, float("inf") if wait is None else wait
