"""`GET /health/live` and `GET /health/ready`: for whoever restarts and routes."""

from llmaas.gateway.context import Exchange
from llmaas.gateway.wire import Health
from llmaas.workers import PoolState


async def live(exchange: Exchange) -> None:
    """The process answers."""
    await exchange.answer_json(Health(status="ok"))


async def ready(exchange: Exchange) -> None:
    """The tables are loaded and every pinned model is too; 503 until then."""
    waiting_for = [
        pool.pool
        for pool in exchange.gateway.workers.status()
        if pool.pinned and pool.state is not PoolState.READY
    ]
    if waiting_for:
        await exchange.answer_json(Health(status="starting", waiting_for=waiting_for), status=503)
    else:
        await exchange.answer_json(Health(status="ok"))
