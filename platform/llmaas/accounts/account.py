"""One account, of a tenant or of a key: what it used and holds, which limits are in the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from llmaas.accounts.limits import (
    DAY_S,
    HOUR_S,
    MINUTE_S,
    Level,
    Limit,
    Limits,
    Refusal,
    Remaining,
)
from llmaas.accounts.windows import SlidingWindow

IN_FLIGHT_RETRY_S = 1
"""When only running requests stand in the way: they settle soon."""


class Booked(msgspec.Struct, frozen=True):
    """Usage that counts: an entry of the ledger, as far as limits go."""

    tenant: str
    key: str
    month: str
    at_ms: int
    output_tokens: int
    cost_pico: int


class Asked(msgspec.Struct, frozen=True):
    """What is to be held in addition, and when."""

    requests: int
    tokens: int
    cost_pico: int
    month: str
    month_ends_ms: int
    now_ms: int


@dataclass
class Account:
    """The usage of one tenant or key."""

    requests: SlidingWindow = field(default_factory=lambda: SlidingWindow(MINUTE_S))
    hour: SlidingWindow = field(default_factory=lambda: SlidingWindow(HOUR_S))
    day: SlidingWindow = field(default_factory=lambda: SlidingWindow(DAY_S))
    spent_pico: int = 0
    spent_by_month: dict[str, int] = field(default_factory=dict)
    held_tokens: int = 0
    held_pico: int = 0
    held_by_month: dict[str, int] = field(default_factory=dict)

    def hold(self, month: str, tokens: int, cost_pico: int) -> None:
        """Hold more, or with negative amounts less."""
        self.held_tokens += tokens
        self.held_pico += cost_pico
        self.held_by_month[month] = self.held_by_month.get(month, 0) + cost_pico
        if not self.held_by_month[month]:
            del self.held_by_month[month]

    def book(self, booked: Booked) -> None:
        """Count usage."""
        self.hour.add(booked.at_ms, booked.output_tokens)
        self.day.add(booked.at_ms, booked.output_tokens)
        self.spent_pico += booked.cost_pico
        spent = self.spent_by_month.get(booked.month, 0)
        self.spent_by_month[booked.month] = spent + booked.cost_pico

    def refusals(self, level: Level, limits: Limits, asked: Asked) -> Iterator[Refusal]:
        """Every limit that what is asked for does not fit into."""
        for limit, allowed, window, held, amount in (
            (
                Limit.REQUESTS_PER_MINUTE,
                limits.requests_per_minute,
                self.requests,
                0,
                asked.requests,
            ),
            (
                Limit.OUTPUT_TOKENS_PER_HOUR,
                limits.output_tokens_per_hour,
                self.hour,
                self.held_tokens,
                asked.tokens,
            ),
            (
                Limit.OUTPUT_TOKENS_PER_DAY,
                limits.output_tokens_per_day,
                self.day,
                self.held_tokens,
                asked.tokens,
            ),
        ):
            if (
                allowed is None
                or not amount
                or window.used(asked.now_ms) + held + amount <= allowed
            ):
                continue
            used = window.total + held
            wait = window.wait_s(asked.now_ms, used + amount - allowed)
            too_much = amount > allowed
            in_flight = wait is None and not too_much
            retry = None if too_much else IN_FLIGHT_RETRY_S if in_flight else wait
            yield Refusal(level, limit, allowed, used, amount, retry, in_flight)
        if asked.cost_pico:
            yield from self._money_refusals(level, limits, asked)

    def _money_refusals(self, level: Level, limits: Limits, asked: Asked) -> Iterator[Refusal]:
        cap, cost = limits.monthly_cap_pico, asked.cost_pico
        spent = self.spent_by_month.get(asked.month, 0)
        used = spent + self.held_by_month.get(asked.month, 0)
        if cap is not None and used + cost > cap:
            in_flight = spent + cost <= cap
            month_left_s = -(-(asked.month_ends_ms - asked.now_ms) // 1000)
            wait = IN_FLIGHT_RETRY_S if in_flight else None if cost > cap else month_left_s
            yield Refusal(level, Limit.MONTHLY_CAP, cap, used, cost, wait, in_flight)
        credit, used = limits.credit_pico, self.spent_pico + self.held_pico
        if credit is not None and used + cost > credit:
            in_flight = self.spent_pico + cost <= credit
            wait = IN_FLIGHT_RETRY_S if in_flight else None
            yield Refusal(level, Limit.CREDIT, credit, used, cost, wait, in_flight)


def remaining(limit: int, window: SlidingWindow, held: int, now_ms: int) -> Remaining:
    """What is left of a window, and when it is whole again."""
    used = window.used(now_ms)
    return Remaining(limit, max(0, limit - used - held), window.empty_in_s(now_ms))
