"""One of several gateway processes at one limit; prints the output tokens it served."""

import asyncio
import random
import sys
import time
from pathlib import Path

from redis.asyncio import Redis
from tests.accounts.conftest import MASTER, PARIS, bundle
from tests.accounts.test_soak import hammer

from llmaas.accounts.accounts import Accounts
from llmaas.accounts.meter import Meter
from llmaas.accounts.store import Store

CLIENTS = 22
PROCESSES = 3


async def everyone_is_ready(windows: str) -> None:
    """Begin together: otherwise the first has all of the limit before the others are up."""
    async with Redis.from_url(windows) as meeting:
        await meeting.incr("ready")
        while int(await meeting.get("ready") or 0) < PROCESSES:  # noqa: ASYNC110 - of processes
            await asyncio.sleep(0.01)


async def serve(place: str, windows: str, journals: Path, seed: int) -> int:
    store = Store(place, master=MASTER, clock_ms=lambda: time.time_ns() // 1_000_000)
    accounts = Accounts(store, journals=journals, time_zone=PARIS, windows=windows)
    (key,) = accounts.administration.api_keys("acme")
    meter = Meter(accounts, bundle())
    await everyone_is_ready(windows)
    chances = (random.Random(seed * 1000 + client) for client in range(CLIENTS))
    served = await asyncio.gather(*(hammer(meter, key, chance) for chance in chances))
    await accounts.limiter.close()
    accounts.close()
    return sum(served)


if __name__ == "__main__":
    place, windows, journals, seed = sys.argv[1:]
    print(asyncio.run(serve(place, windows, Path(journals), int(seed))))
