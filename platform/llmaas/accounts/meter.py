"""The meter of one bundle: admits requests under its prices and tiers, and settles what they use.

    admit ──► prompt_counted ──► produced … ──► complete      on disk before the client has the end
                                     └────────► abandon       the part that was produced is due

Whatever happens to a request, leaving `Metered` as a context settles it, so nothing it held is
left behind.
"""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from llmaas.accounts.accounts import Accounts
from llmaas.accounts.audit import AuditRecord
from llmaas.accounts.book import Demand, Held
from llmaas.accounts.ledger import LedgerEntry, Outcome, Request
from llmaas.accounts.limits import (
    Limits,
    Quota,
    Refusal,
    Remaining,
    limits_of,
    quota_of_tier,
    with_terms,
)
from llmaas.accounts.months import day_ends_ms, day_of, month_ends_ms
from llmaas.accounts.prices import PriceList, Rates, Usage, energy_microwatthours
from llmaas.accounts.tenant import ApiKey, Tenant
from llmaas.bundle import Bundle, Route

REMEMBERED_KEYS = 10_000


class LimitReachedError(Exception):
    """A request does not fit into what its tenant or key may use now."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.limit} of the {refusal.level}")
        self.refusal = refusal


class TierUnknownError(Exception):
    """The tenant is on a tier that the bundle does not have."""


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """A request at the door."""

    request_id: str
    key: ApiKey
    route: Route
    endpoint: str
    prompt_tokens: int
    """Expected; the count that follows is checked again."""
    output_tokens: int
    """At most, in all choices together."""
    audio_seconds: int = 0
    """Expected, as the prompt is."""
    streams: bool
    """Whether the client sees the answer before its end."""


@dataclass(frozen=True)
class _Today:
    """What is the same from a moment until midnight."""

    begins_ms: int
    ends_ms: int
    month: str
    month_ends_ms: int
    rates: Rates


class Meter:
    """Admission under one bundle."""

    def __init__(self, accounts: Accounts, bundle: Bundle) -> None:
        self.accounts = accounts
        self._prices = PriceList(bundle.prices)
        self._zone = ZoneInfo(bundle.service.time_zone)
        self._tiers: dict[str, Quota] = {tier.id: quota_of_tier(tier) for tier in bundle.tiers}
        self._today: _Today | None = None
        self._limits: dict[str, tuple[Tenant, ApiKey, tuple[Limits, Limits]]] = {}

    def limits(self, key: ApiKey) -> tuple[Limits, Limits]:
        """The limits of a key's tenant, and its own.

        Raises:
            TierUnknownError: the tenant's tier is not in the bundle.
        """
        tenant = self.accounts.directory.tenant(key.tenant)
        known = self._limits.get(key.id)
        # Tenants and keys are frozen: the same objects have the same limits.
        if known is not None and known[0] is tenant and known[1] is key:
            return known[2]
        if len(self._limits) > REMEMBERED_KEYS:
            self._limits.clear()
        credit = tenant.credited_pico if tenant.prepaid else None
        both = limits_of(self._terms(tenant), credit_pico=credit), limits_of(key.quota)
        self._limits[key.id] = tenant, key, both
        return both

    async def remaining(self, key: ApiKey) -> tuple[Remaining | None, Remaining | None]:
        """What is left of requests and of output tokens now."""
        now = self.accounts.clock_ms()
        return await self.accounts.limiter.remaining(key.tenant, key.id, self.limits(key), now)

    async def admit(self, admission: Admission) -> "Metered":
        """Hold the worst case of a request.

        Raises:
            LimitReachedError: it does not fit.
            TierUnknownError: the tenant's tier is not in the bundle.
        """
        now = self.accounts.clock_ms()
        today = self._day(now)
        key, route = admission.key, admission.route
        request = Request(
            request_id=admission.request_id,
            tenant=key.tenant,
            key=key.id,
            model=route.model,
            endpoint=admission.endpoint,
            month=today.month,
            admitted_ms=now,
            rates=today.rates,
            uwh_per_token=energy_microwatthours(route.kwh_per_mtok, 1),
        )
        tenant_limits, key_limits = self.limits(key)
        demand = Demand(
            tenant=key.tenant,
            key=key.id,
            tenant_limits=tenant_limits,
            key_limits=key_limits,
            month=request.month,
            month_ends_ms=today.month_ends_ms,
            output_tokens=admission.output_tokens,
            cost_pico=request.rates.worst_case(
                prompt_tokens=admission.prompt_tokens,
                output_tokens=admission.output_tokens,
                audio_seconds=admission.audio_seconds,
            ),
        )
        held = await self.accounts.limiter.reserve(demand, now)
        if isinstance(held, Refusal):
            raise LimitReachedError(held)
        return Metered(self.accounts, request, held, streams=admission.streams)

    def _day(self, now_ms: int) -> "_Today":
        today = self._today
        if today is None or not today.begins_ms <= now_ms < today.ends_ms:
            day = day_of(now_ms, self._zone)
            today = self._today = _Today(
                begins_ms=now_ms,
                ends_ms=day_ends_ms(now_ms, self._zone),
                month=day.isoformat()[:7],
                month_ends_ms=month_ends_ms(now_ms, self._zone),
                rates=self._prices.on(day),
            )
        return today

    def _terms(self, tenant: Tenant) -> Quota:
        base = self._tiers.get(tenant.tier)
        if base is None:
            raise TierUnknownError(
                f"tenant {tenant.id} is on the tier {tenant.tier!r}, which the catalogue does not "
                "have any more; `llmaas tenants change` moves it to another"
            )
        return with_terms(base, tenant.quota)


class Metered:
    """One admitted request. Leaving the context settles it, however it is left."""

    def __init__(self, accounts: Accounts, request: Request, held: Held, *, streams: bool) -> None:
        self.request = request
        self.usage = Usage()
        """What was used so far."""
        self.settled = False
        self._accounts = accounts
        self._held = held
        self._streams = streams
        self._journalled: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abandon("broken")

    async def prompt_counted(self, prompt_tokens: int, *, expected: int | None = None) -> None:
        """Hold what the prompt really costs, now that the model's tokenizer has counted it.

        Args:
            prompt_tokens: of all prompts that were counted.
            expected: of all prompts together, while others are not counted yet.

        Raises:
            LimitReachedError: it is longer than expected, and that does not fit.
        """
        cost = self.request.rates.worst_case(
            prompt_tokens=max(prompt_tokens, expected or 0), output_tokens=self._held.output_tokens
        )
        if expected is None or cost > self._held.cost_pico:
            await self._hold(cost)

    async def audio_counted(self, audio_seconds: int) -> None:
        """Hold what a recording really costs, now that it was read.

        Raises:
            LimitReachedError: it is longer than expected, and that does not fit.
        """
        await self._hold(self.request.rates.audio.cost(audio_seconds))

    async def _hold(self, cost_pico: int) -> None:
        refusal = await self._accounts.limiter.resize(
            self._held, cost_pico=cost_pico, now_ms=self._accounts.clock_ms()
        )
        if refusal is not None:
            raise LimitReachedError(refusal)

    def produced(self, usage: Usage) -> None:
        """Note what was used so far, before the client sees it."""
        self.usage = usage
        if self._streams:
            journal = self._accounts.journal
            if self._journalled is None:
                self._journalled = journal.opened(self.request)
            journal.produced(self._journalled, self._accounts.clock_ms(), usage)

    def complete(self, usage: Usage, *records: AuditRecord) -> "asyncio.Future[None]":
        """Settle the request; what is returned is done when that is on disk.

        Wait for it shielded: the client going away must not undo what is being written.
        """
        self.produced(usage)
        return self._settle("completed", records)

    def abandon(self, outcome: Outcome) -> None:
        """Settle what was produced of an answer that will not be finished.

        What failed on our side before anyone saw anything of it is not billed.
        """
        if self.settled:
            return
        seen = self._streams or outcome == "cancelled"
        if not seen:
            self.usage = Usage()
        self._settle(outcome, ())

    def _settle(self, outcome: Outcome, records: tuple[AuditRecord, ...]) -> "asyncio.Future[None]":
        self.settled = True
        now = self._accounts.clock_ms()
        limiter, usage = self._accounts.limiter, self.usage
        try:
            limiter.progress(
                self._held,
                output_tokens=usage.completion_tokens,
                cost_pico=self.request.rates.cost(usage),
            )
        finally:
            limiter.settle(self._held, now)
        entry = None
        if outcome == "completed" or self.usage != Usage():
            entry = LedgerEntry(
                request=self.request, settled_ms=now, usage=self.usage, outcome=outcome
            )
        return self._accounts.record(entry, *records, journalled=self._journalled)
