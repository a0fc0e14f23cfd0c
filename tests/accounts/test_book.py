"""The book: no sequence of events exceeds a limit, and none leaves anything held."""

from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from llmaas.accounts.account import Booked
from llmaas.accounts.book import Book, Demand, Held
from llmaas.accounts.limits import Level, Limit, Limits, Refusal

MONTH, MONTH_ENDS_MS = "2026-11", 30 * 86_400_000
UNLIMITED = Limits()
LEASE_S = 30


def demand(
    tokens: int = 10,
    cost: int = 100,
    *,
    key: str = "k1",
    tenant_limits: Limits = UNLIMITED,
    key_limits: Limits = UNLIMITED,
) -> Demand:
    return Demand("t", key, tenant_limits, key_limits, MONTH, MONTH_ENDS_MS, tokens, cost)


def reserve(book: Book, wanted: Demand, now_ms: int = 0) -> Held:
    held = book.reserve(wanted, now_ms)
    assert isinstance(held, Held)
    return held


def refuse(book: Book, wanted: Demand, now_ms: int = 0) -> Refusal:
    refusal = book.reserve(wanted, now_ms)
    assert isinstance(refusal, Refusal)
    return refusal


def use(book: Book, held: Held, tokens: int, cost: int, now_ms: int = 0) -> None:
    book.progress(held, output_tokens=tokens, cost_pico=cost)
    book.settle(held, now_ms)


def test_what_is_held_counts_and_what_was_not_used_is_free_again() -> None:
    book, limits = Book(lease_s=LEASE_S), Limits(output_tokens_per_hour=25)
    first = reserve(book, demand(10, tenant_limits=limits))
    reserve(book, demand(10, tenant_limits=limits))
    refusal = refuse(book, demand(10, tenant_limits=limits))
    assert (refusal.limit, refusal.used, refusal.retry_after_s) == (
        Limit.OUTPUT_TOKENS_PER_HOUR,
        20,
        1,
    )
    assert refusal.in_flight
    use(book, first, 5, 0)
    assert reserve(book, demand(10, tenant_limits=limits)).open


def test_a_full_hour_says_when_there_is_room_and_there_is() -> None:
    book, limits = Book(lease_s=LEASE_S), Limits(output_tokens_per_hour=10)
    use(book, reserve(book, demand(10, tenant_limits=limits)), 10, 0)
    refusal = refuse(book, demand(1, tenant_limits=limits), 60_000)
    assert refusal.retry_after_s == 3541
    assert refuse(book, demand(1, tenant_limits=limits), 60_000 + 3540_000).retry_after_s == 1
    assert reserve(book, demand(10, tenant_limits=limits), 60_000 + 3541_000)


def test_more_than_a_limit_allows_at_all_is_not_told_to_come_back() -> None:
    book = Book(lease_s=LEASE_S)
    refusal = refuse(book, demand(11, tenant_limits=Limits(output_tokens_per_hour=10)))
    assert refusal.retry_after_s is None


def test_the_day_refuses_when_the_hour_does_not() -> None:
    book, limits = (
        Book(lease_s=LEASE_S),
        Limits(output_tokens_per_hour=10, output_tokens_per_day=15),
    )
    use(book, reserve(book, demand(10, tenant_limits=limits)), 10, 0)
    refusal = refuse(book, demand(10, tenant_limits=limits), 4000_000)
    assert refusal.limit is Limit.OUTPUT_TOKENS_PER_DAY
    assert refusal.retry_after_s == 86_401 - 4000


def test_a_month_that_is_spent_waits_for_the_next_one() -> None:
    book, limits = Book(lease_s=LEASE_S), Limits(monthly_cap_pico=150)
    use(book, reserve(book, demand(cost=100, tenant_limits=limits)), 1, 100)
    refusal = refuse(book, demand(cost=100, tenant_limits=limits), MONTH_ENDS_MS - 5_000)
    assert refusal.of_quota
    assert (refusal.limit, refusal.retry_after_s) == (Limit.MONTHLY_CAP, 5)
    next_month = replace(demand(cost=100, tenant_limits=limits), month="2026-12")
    assert reserve(book, next_month, MONTH_ENDS_MS)


def test_credit_that_only_running_requests_hold_is_worth_a_second_try() -> None:
    book, limits = Book(lease_s=LEASE_S), Limits(credit_pico=150)
    held = reserve(book, demand(cost=100, tenant_limits=limits))
    refusal = refuse(book, demand(cost=100, tenant_limits=limits))
    assert not refusal.of_quota
    assert refusal.retry_after_s == 1
    use(book, held, 10, 100)
    refusal = refuse(book, demand(cost=100, tenant_limits=limits))
    assert refusal.of_quota
    assert refusal.retry_after_s is None


def test_both_levels_are_enforced() -> None:
    book = Book(lease_s=LEASE_S)
    limits, own = Limits(output_tokens_per_hour=100), Limits(output_tokens_per_hour=20)
    reserve(book, demand(20, tenant_limits=limits, key_limits=own))
    assert refuse(book, demand(1, tenant_limits=limits, key_limits=own)).level is Level.KEY
    other = demand(80, key="k2", tenant_limits=limits)
    reserve(book, other)
    assert refuse(book, demand(1, key="k2", tenant_limits=limits)).level is Level.TENANT


def test_requests_are_counted_by_the_minute() -> None:
    book, limits = Book(lease_s=LEASE_S), Limits(requests_per_minute=2)
    for _ in range(2):
        use(book, reserve(book, demand(tenant_limits=limits)), 1, 1)
    assert refuse(book, demand(tenant_limits=limits)).limit is Limit.REQUESTS_PER_MINUTE
    remaining = book.remaining_requests("t", "k1", (limits, UNLIMITED), 0)
    assert remaining is not None
    assert (remaining.limit, remaining.remaining, remaining.reset_s) == (2, 0, 61)
    assert reserve(book, demand(tenant_limits=limits), 61_000)


def test_a_longer_prompt_than_expected_is_checked_again() -> None:
    book, limits = Book(lease_s=LEASE_S), Limits(credit_pico=100)
    held = reserve(book, demand(cost=60, tenant_limits=limits))
    refusal = book.resize(held, cost_pico=101, now_ms=0)
    assert refusal is not None
    assert held.cost_pico == 60
    assert book.resize(held, cost_pico=100, now_ms=0) is None
    assert book.resize(held, cost_pico=10, now_ms=0) is None
    assert reserve(book, demand(cost=90, tenant_limits=limits))


def test_more_than_is_held_cannot_be_used() -> None:
    book = Book(lease_s=LEASE_S)
    held = reserve(book, demand(10, 100))
    with pytest.raises(ValueError, match="11 tokens"):
        book.progress(held, output_tokens=11, cost_pico=1)


def test_an_unattended_reservation_ends_with_its_lease_and_its_progress_is_due() -> None:
    book, limits = Book(lease_s=LEASE_S), Limits(output_tokens_per_hour=10)
    held = reserve(book, demand(10, 100, tenant_limits=limits))
    book.progress(held, output_tokens=4, cost_pico=40)
    assert book.expire(29_999) == []
    assert book.renew(held, 29_999)
    assert book.expire(59_998) == []
    ((_, booked),) = book.expire(59_999)
    assert booked == Booked("t", "k1", MONTH, 59_999, 4, 40)
    assert not book.renew(held, 60_000)
    assert book.settle(held, 60_000) is None
    assert reserve(book, demand(6, tenant_limits=limits), 60_000)


def test_what_is_left_is_the_tightest_of_all_windows() -> None:
    book = Book(lease_s=LEASE_S)
    limits = Limits(output_tokens_per_hour=100, output_tokens_per_day=1000)
    own = Limits(output_tokens_per_day=50)
    reserve(book, demand(30, tenant_limits=limits, key_limits=own))
    left = book.remaining_tokens("t", "k1", (limits, own), 0)
    assert left is not None
    assert (left.limit, left.remaining) == (50, 20)
    assert book.remaining_tokens("t", "k1", (UNLIMITED, UNLIMITED), 0) is None


class AnyOrderOfEvents(RuleBasedStateMachine):
    """Against the ledger, the plain list of everything that was booked."""

    LIMITS = Limits(
        requests_per_minute=40,
        output_tokens_per_hour=200,
        output_tokens_per_day=600,
        monthly_cap_pico=5_000,
        credit_pico=9_000,
    )
    OWN = Limits(output_tokens_per_hour=90, output_tokens_per_day=300, monthly_cap_pico=2_500)

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(lease_s=LEASE_S)
        self.now = 0
        self.open: list[Held] = []
        self.ledger: list[Booked] = []
        self.months = count()

    def month(self) -> str:
        return f"month-{self.now // MONTH_ENDS_MS}"

    @rule(wait_ms=st.one_of(st.integers(0, 20_000), st.integers(0, 40 * 86_400_000)))
    def time_passes(self, wait_ms: int) -> None:
        self.now += wait_ms
        for held, booked in self.book.expire(self.now):
            self.open.remove(held)
            self.ledger.append(booked)

    @rule(
        tokens=st.integers(0, 120),
        cost=st.integers(0, 1500),
        key=st.sampled_from(["k1", "k2", "k3"]),
    )
    def a_request_arrives(self, tokens: int, cost: int, key: str) -> None:
        wanted = Demand("t", key, self.LIMITS, self.OWN, self.month(), self.now + 1, tokens, cost)
        answer = self.book.reserve(wanted, self.now)
        if isinstance(answer, Held):
            self.open.append(answer)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), cost=st.integers(0, 2000))
    def a_prompt_is_counted(self, data: st.DataObject, cost: int) -> None:
        held = data.draw(st.sampled_from(self.open))
        self.book.resize(held, cost_pico=max(cost, held.used_pico), now_ms=self.now)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def tokens_are_produced(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.open))
        tokens = data.draw(st.integers(held.used_tokens, held.output_tokens))
        cost = data.draw(st.integers(held.used_pico, held.cost_pico))
        self.book.progress(held, output_tokens=tokens, cost_pico=cost)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def a_request_ends(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.open))
        booked = self.book.settle(held, self.now)
        assert booked is not None
        assert self.book.settle(held, self.now) is None
        self.open.remove(held)
        self.ledger.append(booked)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def a_lease_is_renewed(self, data: st.DataObject) -> None:
        assert self.book.renew(data.draw(st.sampled_from(self.open)), self.now)

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        accounts = [(None, self.LIMITS), *((key, self.OWN) for key in ("k1", "k2", "k3"))]
        for key, limits in accounts:
            mine = [e for e in self.ledger if key in (None, e.key)]
            held = [h for h in self.open if key in (None, h.demand.key)]
            tokens_held = sum(h.output_tokens for h in held)
            for length_s, limit in (
                (3600, limits.output_tokens_per_hour),
                (86_400, limits.output_tokens_per_day),
            ):
                recent = sum(e.output_tokens for e in mine if self.now - e.at_ms < length_s * 1000)
                assert limit is not None
                assert recent + tokens_held <= limit
            month = self.month()
            spent = sum(e.cost_pico for e in mine if e.month == month)
            spent += sum(h.cost_pico for h in held if h.demand.month == month)
            assert limits.monthly_cap_pico is not None
            assert spent <= limits.monthly_cap_pico
            if limits.credit_pico is not None:
                everything = sum(e.cost_pico for e in mine) + sum(h.cost_pico for h in held)
                assert everything <= limits.credit_pico

    @invariant()
    def what_is_held_is_the_sum_of_the_open_reservations(self) -> None:
        assert self.book.held == frozenset(self.open)
        account = self.book.account(Level.TENANT, "t")
        assert account.held_tokens == sum(held.output_tokens for held in self.open)
        assert account.held_pico == sum(held.cost_pico for held in self.open)
        assert sum(account.held_by_month.values()) == account.held_pico

    def teardown(self) -> None:
        for held in list(self.open):
            self.book.settle(held, self.now)
        account = self.book.account(Level.TENANT, "t")
        assert (account.held_tokens, account.held_pico, account.held_by_month) == (0, 0, {})


AnyOrderOfEvents.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
TestAnyOrderOfEvents = AnyOrderOfEvents.TestCase
