"""A service that can be killed at any moment: forks children that meter streams into a pipe.

The pipe is the client: what was written to it has been received, also after the death. Commands on
standard input: `<file descriptor is inherited>` one line `round <n>` forks a child and prints its
process id; the child serves until it is killed.
"""

import asyncio
import os
import random
import sys
import time
from pathlib import Path

from tests.accounts.conftest import MASTER, PARIS, bundle, route

from llmaas.accounts.accounts import Accounts
from llmaas.accounts.meter import Admission, LimitReachedError, Meter
from llmaas.accounts.prices import Usage
from llmaas.accounts.store import Store

STREAMS_AT_ONCE = 8


def clock_ms() -> int:
    return time.time_ns() // 1_000_000


def tell(client: int, *words: object) -> None:
    """A line the client receives; short enough to be written whole."""
    os.write(client, (" ".join(map(str, words)) + "\n").encode())


async def answer(meter: Meter, client: int, request_id: str, choice: random.Random) -> None:
    key = next(iter(meter.accounts.administration.api_keys("acme")))
    tokens, streams = choice.randint(1, 12), choice.random() < 0.7
    admission = Admission(
        request_id=request_id,
        key=key,
        route=route(),
        endpoint="chat.completions",
        prompt_tokens=50,
        output_tokens=12,
        streams=streams,
    )
    try:
        metered = await meter.admit(admission)
    except LimitReachedError:
        tell(client, "refused", request_id)
        return
    with metered:
        tell(client, "admitted", request_id, int(streams))
        await metered.prompt_counted(40)
        for done in range(1, tokens + 1):
            await asyncio.sleep(choice.choice((0, 0, 0.0005)))
            metered.produced(Usage(prompt_tokens=40, completion_tokens=done))
            if streams:
                tell(client, "token", request_id, done)
            if choice.random() < 0.02:
                metered.abandon("cancelled")
                return
        await metered.complete(Usage(prompt_tokens=40, completion_tokens=tokens))
        tell(client, "done", request_id, tokens)


async def serve(place: Path | str, journals: Path, client: int, number: int) -> None:
    store = Store(place, master=MASTER, clock_ms=clock_ms)
    accounts = Accounts(store, journals=journals, time_zone=PARIS)
    meter = Meter(accounts, bundle())
    choice = random.Random(number)

    async def customer(name: int) -> None:
        for turn in range(10**6):
            await answer(meter, client, f"r{number}.{name}.{turn}", choice)

    tell(client, "serving", accounts.recovered)
    await asyncio.gather(*(customer(name) for name in range(STREAMS_AT_ONCE)))


def main() -> None:
    place: Path | str = sys.argv[1]
    if not str(place).startswith("postgresql"):
        place = Path(place)
    journals, client = Path(sys.argv[2]), int(sys.argv[3])
    for line in sys.stdin:
        number = int(line)
        child = os.fork()
        if child == 0:
            asyncio.run(serve(place, journals, client, number))
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        tell(client, "dead", number)


if __name__ == "__main__":
    main()
