"""Lines of the audit trail: one for every request that needs a key, never with a word of it."""

from llmaas.accounts import Access
from llmaas.gateway.context import Exchange, request_id

CLIENT_GONE = 499
"""Status of a request whose client closed the connection, as proxies note it."""


def access_of(
    exchange: Exchange, *, status: int, code: str | None = None, outcome: str | None = None
) -> Access:
    """The line for a request as it stands."""
    key, usage = exchange.key, exchange.usage
    return Access(
        at_ms=exchange.gateway.meter.accounts.clock_ms(),
        request_id=request_id(exchange.scope),
        method=str(exchange.scope.get("method", "")),
        operation=exchange.operation,
        status=status,
        latency_ms=round(exchange.seconds * 1000),
        tenant=None if key is None else key.tenant,
        key=None if key is None else key.id,
        model=exchange.model,
        code=code,
        verdict=exchange.verdict,
        outcome=outcome,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )


def audit(exchange: Exchange, *, status: int, code: str | None = None) -> None:
    """Note how a request ended, unless that was noted when it was settled."""
    if not exchange.audited:
        exchange.audited = True
        exchange.gateway.meter.accounts.record(None, access_of(exchange, status=status, code=code))
