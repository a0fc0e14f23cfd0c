"""Short requests leave nothing behind. The benchmark asks 10,000 times; this, often enough."""

import random

import pytest
from benchmarks.leaks import short_requests
from tests.workers.processes import worker_processes

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("unified", [False, True], ids=["split", "unified"])
def test_memory_is_flat_over_many_short_requests(tiny, worker, run, unified):
    async def story():
        engine = {"kv_unified": unified}
        async with worker(tiny.random, n_seq_max=8, engine=engine) as connection:
            (process,) = worker_processes()
            chance = random.Random(1)
            await short_requests(connection, 300, chance)
            settled = process.memory_info().rss
            finished = await short_requests(connection, 1200, chance)
            return process.memory_info().rss - settled, finished, len(connection._mailboxes)

    growth, finished, open_streams = run(story())
    assert finished > 700
    assert growth < 8 * 2**20
    assert open_streams == 0
