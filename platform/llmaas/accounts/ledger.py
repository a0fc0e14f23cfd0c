"""The ledger: what every request used, what it cost, and at which price."""

from collections import defaultdict
from typing import Literal

import msgspec

from llmaas.accounts.database import Database, Row
from llmaas.accounts.prices import Rates, Usage

Outcome = Literal["completed", "cancelled", "broken"]
"""`cancelled`: the client went away. `broken`: a stream ended before its end. Both are due as far
as they came."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request when it is admitted."""

    request_id: str
    tenant: str
    key: str
    model: str
    endpoint: str
    month: str
    """In which it was admitted, which is the one it is billed in."""
    admitted_ms: int
    rates: Rates
    """The prices of the day on which it was admitted."""
    uwh_per_token: int | None = None
    """Energy of one output token, in microwatt-hours."""


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One request, settled."""

    request: Request
    settled_ms: int
    usage: Usage
    outcome: Outcome

    @property
    def cost_pico(self) -> int:
        """What is due."""
        return self.request.rates.cost(self.usage)

    @property
    def energy_uwh(self) -> int | None:
        """Energy of the output; `None` where the model was not measured."""
        per_token = self.request.uwh_per_token
        return None if per_token is None else per_token * self.usage.completion_tokens


_COLUMNS = (
    "request_id, tenant, key_id, model, endpoint, month, admitted_ms, settled_ms, prompt_tokens, "
    "completion_tokens, reasoning_tokens, audio_seconds, rates, cost_pico, energy_uwh, outcome"
)


def record(database: Database, entries: list[LedgerEntry]) -> None:
    """Write entries and what they take from each tenant's account, inside a transaction."""
    if not entries:
        return
    marks = ", ".join("?" * 16)
    database.execute_many(
        f"insert into ledger ({_COLUMNS}) values ({marks})",  # noqa: S608 - literals above
        [_values(entry) for entry in entries],
    )
    spent: dict[str, int] = defaultdict(int)
    for entry in entries:
        spent[entry.request.tenant] += entry.cost_pico
    database.execute_many(
        "update tenant set spent_pico = spent_pico + ? where id = ?",
        [(cost, tenant) for tenant, cost in spent.items()],
    )


def recorded(database: Database, request_id: str) -> bool:
    """Whether a request is in the ledger."""
    return bool(database.execute("select 1 from ledger where request_id = ?", (request_id,)))


def entries_of(database: Database, tenant: str, month: str) -> list[LedgerEntry]:
    """Every entry of one tenant and month, in the order in which they were settled."""
    rows = database.execute(
        f"select {_COLUMNS} from ledger where tenant = ? and month = ? "  # noqa: S608
        "order by settled_ms, request_id",
        (tenant, month),
    )
    return [_entry(row) for row in rows]


def find(database: Database, tenant: str, request_id: str) -> LedgerEntry | None:
    """One entry of one tenant."""
    rows = database.execute(
        f"select {_COLUMNS} from ledger where tenant = ? and request_id = ?",  # noqa: S608
        (tenant, request_id),
    )
    return _entry(rows[0]) if rows else None


def _values(entry: LedgerEntry) -> tuple[str | int | None, ...]:
    request, usage = entry.request, entry.usage
    return (
        request.request_id,
        request.tenant,
        request.key,
        request.model,
        request.endpoint,
        request.month,
        request.admitted_ms,
        entry.settled_ms,
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
        usage.audio_seconds,
        msgspec.json.encode(request.rates).decode(),
        entry.cost_pico,
        entry.energy_uwh,
        entry.outcome,
    )


class _Row(msgspec.Struct, array_like=True):
    """A row of the ledger, in the order of `_COLUMNS`."""

    request_id: str
    tenant: str
    key_id: str
    model: str
    endpoint: str
    month: str
    admitted_ms: int
    settled_ms: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    audio_seconds: int
    rates: str
    cost_pico: int
    energy_uwh: int | None
    outcome: Outcome


def _entry(values: Row) -> LedgerEntry:
    row = msgspec.convert(values, _Row)
    tokens = row.completion_tokens
    return LedgerEntry(
        request=Request(
            request_id=row.request_id,
            tenant=row.tenant,
            key=row.key_id,
            model=row.model,
            endpoint=row.endpoint,
            month=row.month,
            admitted_ms=row.admitted_ms,
            rates=msgspec.json.decode(row.rates, type=Rates),
            uwh_per_token=row.energy_uwh // tokens if row.energy_uwh and tokens else None,
        ),
        settled_ms=row.settled_ms,
        usage=Usage(
            prompt_tokens=row.prompt_tokens,
            completion_tokens=tokens,
            reasoning_tokens=row.reasoning_tokens,
            audio_seconds=row.audio_seconds,
        ),
        outcome=row.outcome,
    )
