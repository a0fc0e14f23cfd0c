"""Many short requests, and what is left of them: `python -m benchmarks.leaks --requests 10000`.

Memory of the worker is measured when a fifth of the requests is answered, as caches are full by
then, and at the end. Prompts are alike, unlike, given up and constrained, in both memory layouts.
"""

import argparse
import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

import psutil
from benchmarks.synthetic import synthetic_model
from benchmarks.systems import Setting, worker_alone

from llmaas.workers.client import WorkerConnection
from llmaas.workers.protocol import Finished, Generate, Grammar, Sampling

MOST_GROWTH_MIB = 24
CLIENTS = 12
STEM = [97 + i * i % 26 for i in range(100)]


@dataclass(frozen=True)
class Growth:
    """Resident memory of a worker, in MiB."""

    settled: float
    end: float

    @property
    def flat(self) -> bool:
        """Nothing was left behind."""
        return self.end - self.settled < MOST_GROWTH_MIB


async def short_requests(connection: WorkerConnection, count: int, chance: random.Random) -> int:
    """Ask so often, from several clients at once; returns how many came to their end."""
    left = iter(range(count))

    async def client() -> int:
        finished = 0
        for _ in left:
            tokens = STEM[: chance.randrange(100)] + [chance.randrange(256)] * chance.randrange(
                1, 9
            )
            kind = chance.random()
            grammar = Grammar(gbnf='root ::= ("a" | "b"){2}') if kind < 0.1 else None
            sampling = Sampling(temperature=0.8 if kind < 0.5 else 0.0, seed=1)
            stream = connection.generate(
                Generate(
                    0,
                    prompt_tokens=tokens,
                    max_tokens=4,
                    sampling=sampling,
                    grammar=grammar,
                    tenant=chance.choice(["", "one", "two"]),
                    top_logprobs=2 if kind > 0.9 else None,
                )
            )
            if kind > 0.8:
                await anext(stream)
                await stream.aclose()
                await stream.settled()
                continue
            async for message in stream:
                finished += isinstance(message, Finished)
        return finished

    return sum(await asyncio.gather(*[client() for _ in range(CLIENTS)]))


async def measure(pid: int, connection: WorkerConnection, requests: int) -> Growth:
    """Resident memory after a fifth of the requests, and after all."""
    chance, process = random.Random(1), psutil.Process(pid)
    await short_requests(connection, requests // 5, chance)
    settled = process.memory_info().rss / 2**20
    await short_requests(connection, requests - requests // 5, chance)
    return Growth(settled, process.memory_info().rss / 2**20)


async def run(arguments: argparse.Namespace) -> None:
    """Both layouts, one after the other."""
    weights = arguments.weights or synthetic_model(arguments.directory, "b114", "Q4_0")
    setting = Setting(weights, n_ctx=256, n_seq=8, n_threads=arguments.threads)
    for unified in (False, True):
        async with worker_alone(setting, kv_unified=unified) as (pid, connection):
            growth = await measure(pid, connection, arguments.requests)
        layout = "unified" if unified else "split"
        verdict = "flat" if growth.flat else "GROWS"
        print(f"{arguments.requests} requests, {layout}: {growth} {verdict}", flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--directory", type=Path, default=Path("benchmarks/.models"))
    parser.add_argument("--weights", type=Path, help="instead of a synthetic model")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
