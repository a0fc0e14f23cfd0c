"""The book of running requests, shared by several processes in Valkey or Redis.

The rules are those of `book`, in a script that the server runs as one step (`shared_book.lua`), so
no two processes ever admit the same token. What a process holds has a lease that it renews; when it
dies, the server frees what it held at the lease's end. What was used is seeded from the ledger once
per tenant: a server that lost its memory is told again, and only forgets what was running.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from llmaas.accounts.account import IN_FLIGHT_RETRY_S, Booked
from llmaas.accounts.book import Demand, Held
from llmaas.accounts.database import Database
from llmaas.accounts.limiter import LimiterUnavailableError
from llmaas.accounts.limits import DAY_S, Level, Limit, Limits, Refusal, Remaining
from llmaas.accounts.store import Store

_SCRIPT = Path(__file__).with_name("shared_book.lua").read_text()
_log = logging.getLogger(__name__)
RENEWALS_PER_LEASE = 4
PATIENCE_S = 5.0
"""How long a request waits for the server."""


class SharedLimiter:
    """One process's end of the shared book."""

    def __init__(
        self, url: str, store: Store, *, month: Callable[[int], str], lease_s: float
    ) -> None:
        """Use a server.

        Args:
            url: `redis://` or `valkey://`, with a password where it needs one.
            store: the ledger, from which used amounts are seeded.
            month: the calendar month of a moment.
            lease_s: how long a reservation is held when nobody renews it.
        """
        self._redis: Any = Redis.from_url(
            url.replace("valkey", "redis", 1),
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._store = store
        self._month = month
        self._lease_ms = int(lease_s * 1000)
        self._ids: dict[Held, str] = {}
        self._pending: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def held(self) -> frozenset[Held]:
        """Every open reservation of this process."""
        return frozenset(self._ids)

    async def reserve(self, demand: Demand, now_ms: int) -> Held | Refusal:
        """Hold the worst case of a request, or say which limit stands in the way."""
        held = Held(demand, demand.output_tokens, demand.cost_pico, now_ms + self._lease_ms)
        name = uuid4().hex
        asking = asyncio.ensure_future(
            self._ask_to_hold("reserve", name, held, cost=demand.cost_pico, now_ms=now_ms)
        )
        try:
            refusal = await asyncio.shield(asking)
        except asyncio.CancelledError:
            # The server may hold it although nobody waits for it any more.
            asking.add_done_callback(lambda _: self._settle_later(name, held, now_ms))
            raise
        if refusal is not None:
            return refusal
        self._ids[held] = name
        return held

    async def resize(self, held: Held, *, cost_pico: int, now_ms: int) -> Refusal | None:
        """Hold another cost, now that the prompt was counted."""
        more = cost_pico - held.cost_pico
        refusal = None
        if more:
            refusal = await self._ask_to_hold(
                "resize", self._ids[held], held, cost=more, now_ms=now_ms, total=cost_pico
            )
        if refusal is None:
            held.cost_pico = cost_pico
        return refusal

    def progress(self, held: Held, *, output_tokens: int, cost_pico: int) -> None:
        """Note what is due so far.

        Raises:
            ValueError: it is more than what is held.
        """
        if output_tokens > held.output_tokens or cost_pico > held.cost_pico:
            raise ValueError(f"{output_tokens} tokens were used, {held.output_tokens} are held")
        held.used_tokens, held.used_pico = output_tokens, cost_pico

    def settle(self, held: Held, now_ms: int) -> Booked | None:
        """Book the progress and free the rest, in the background."""
        if not held.open:
            return None
        held.open = False
        self._settle_later(self._ids.pop(held), held, now_ms)
        demand = held.demand
        return Booked(
            demand.tenant, demand.key, demand.month, now_ms, held.used_tokens, held.used_pico
        )

    async def remaining(
        self, tenant: str, key: str, limits: tuple[Limits, Limits], now_ms: int
    ) -> tuple[Remaining | None, Remaining | None]:
        """What is left of requests and of output tokens."""
        if not any(_windows(each) for each in limits):
            return None, None
        if (settling := self._pending.get(key)) is not None:
            await asyncio.wait({settling})
        rows = await self._call(tenant, "standing", now_ms, key)
        requests: list[Remaining] = []
        tokens: list[Remaining] = []
        for each, row in zip(limits, rows, strict=True):
            held, in_minute, minute_s, in_hour, hour_s, in_day, day_s = map(int, row)
            for found, limit, used, wait_s in (
                (requests, each.requests_per_minute, in_minute, minute_s),
                (tokens, each.output_tokens_per_hour, in_hour + held, hour_s),
                (tokens, each.output_tokens_per_day, in_day + held, day_s),
            ):
                if limit is not None:
                    found.append(Remaining(limit, max(0, limit - used), wait_s))
        return (
            min(requests, key=lambda x: x.remaining, default=None),
            min(tokens, key=lambda x: x.remaining, default=None),
        )

    async def keep_alive(self) -> None:
        """Renew what this process holds, for ever; run it beside the requests."""
        while True:
            await asyncio.sleep(self._lease_ms / 1000 / RENEWALS_PER_LEASE)
            try:
                await self.renew(self._store.clock_ms())
            except Exception:
                _log.exception("running requests could not be renewed in the shared book")

    async def renew(self, now_ms: int) -> None:
        """Renew what this process holds."""
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for held, name in self._ids.items():
            by_tenant[held.demand.tenant].append(name)
        for tenant, names in by_tenant.items():
            await self._call(tenant, "renew", now_ms, self._lease_ms, *names)

    async def count_left(self, booked: Booked, now_ms: int) -> None:
        """Count usage that a dead process left."""
        await self._call(
            *(booked.tenant, "settle", now_ms, uuid4().hex, booked.key, booked.month),
            *(booked.output_tokens, booked.cost_pico),
        )

    async def close(self) -> None:
        """Finish what is being settled, and disconnect."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _ask_to_hold(
        self, command: str, name: str, held: Held, *, cost: int, now_ms: int, total: int = 0
    ) -> Refusal | None:
        demand = held.demand
        first = command == "reserve"
        arguments = (
            *(name, demand.key, demand.month, int(first)),
            *(demand.output_tokens if first else 0, cost, self._lease_ms),
            *_limit_arguments(demand.tenant_limits),
            *_limit_arguments(demand.key_limits),
            total,
        )
        answer = await self._call(demand.tenant, command, now_ms, *arguments)
        if answer[0] == b"unseeded":
            await self._seed(demand.tenant, now_ms)
            answer = await self._call(demand.tenant, command, now_ms, *arguments)
        if answer[0] == b"expired":  # nobody renewed it for a whole lease: it is asked for anew
            return await self._ask_to_hold("reserve", name, held, cost=total, now_ms=now_ms)
        if answer[0] == b"refused":
            return _worst(answer[1], demand, now_ms)
        return None

    async def _seed(self, tenant: str, now_ms: int) -> None:
        month = self._month(now_ms)
        sums, recent = await asyncio.to_thread(
            self._store.read, lambda database: _used(database, tenant, month, now_ms)
        )
        await self._call(tenant, "seed", now_ms, json.dumps(sums), json.dumps(recent))

    def _settle_later(self, name: str, held: Held, now_ms: int) -> None:
        demand = held.demand

        async def settle() -> None:
            try:
                await self._call(
                    *(demand.tenant, "settle", now_ms, name, demand.key, demand.month),
                    *(held.used_tokens, held.used_pico),
                )
            except Exception:
                _log.exception("a settled request is not in the shared book; its lease will end")

        task = asyncio.ensure_future(settle())
        self._tasks.add(task)
        self._pending[demand.key] = task

        def ended(_: object) -> None:
            self._tasks.discard(task)
            if self._pending.get(demand.key) is task:
                del self._pending[demand.key]

        task.add_done_callback(ended)

    async def _call(self, tenant: str, command: str, now_ms: int, *arguments: Any) -> Any:
        try:
            return await self._script(
                keys=[f"llmaas:{{{tenant}}}"], args=[command, now_ms, *arguments]
            )
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            raise LimiterUnavailableError(f"the shared book does not answer: {error}") from error


def _windows(limits: Limits) -> bool:
    return any(
        limit is not None
        for limit in (
            limits.requests_per_minute,
            limits.output_tokens_per_hour,
            limits.output_tokens_per_day,
        )
    )


def _limit_arguments(limits: Limits) -> Sequence[int | str]:
    return [
        "" if limit is None else limit
        for limit in (
            limits.requests_per_minute,
            limits.output_tokens_per_hour,
            limits.output_tokens_per_day,
            limits.monthly_cap_pico,
            limits.credit_pico,
        )
    ]


def _worst(found: list[list[Any]], demand: Demand, now_ms: int) -> Refusal:
    """The limit that keeps a request waiting longest; money first, as in the book."""
    refusals = [_refusal(row, demand, now_ms) for row in found]
    return max(
        refusals,
        key=lambda each: (
            each.of_quota,
            float("inf") if each.retry_after_s is None else each.retry_after_s,
        ),
    )


def _refusal(row: list[Any], demand: Demand, now_ms: int) -> Refusal:
    account, limit, allowed, used, asked, wait, in_flight = row
    wait_s: int | None = int(wait)
    named = Limit(limit.decode())
    if in_flight:
        wait_s = IN_FLIGHT_RETRY_S
    elif wait == -1 or named is Limit.CREDIT:
        wait_s = None
    elif wait == -2:
        wait_s = -(-(demand.month_ends_ms - now_ms) // 1000)
    return Refusal(
        level=Level.TENANT if account == b"t" else Level.KEY,
        limit=named,
        allowed=int(allowed),
        used=sum(map(int, used.split())),
        asked=int(asked),
        retry_after_s=wait_s,
        in_flight=bool(in_flight),
    )


def _used(
    database: Database, tenant: str, month: str, now_ms: int
) -> tuple[list[tuple[str, str, str]], list[tuple[str, int, int]]]:
    """What the ledger says a tenant and its keys have used: sums of money, recent tokens."""
    sums: list[tuple[str, str, str]] = []
    for (spent,) in database.execute("select spent_pico from tenant where id = ?", (tenant,)):
        sums.append(("t", "spent", str(spent)))
    of_month = "select sum(cost_pico) from ledger where tenant = ? and month = ?"
    for (spent,) in database.execute(of_month, (tenant, month)):
        sums.append(("t", f"spent:{month}", str(int(spent or 0))))
    by_key = "select key_id, sum(cost_pico) from ledger where tenant = ? and month = ? group by 1"
    for key, spent in database.execute(by_key, (tenant, month)):
        sums.append((f"k:{key}", f"spent:{month}", str(int(spent))))
    recent = []
    rows = database.execute(
        "select key_id, settled_ms / 1000, sum(completion_tokens) from ledger "
        "where tenant = ? and settled_ms >= ? group by 1, 2 order by 2",
        (tenant, now_ms - (DAY_S + 1) * 1000),
    )
    for key, second, tokens in rows:
        recent.append(("t", int(second), int(tokens)))
        recent.append((f"k:{key}", int(second), int(tokens)))
    return sums, recent
