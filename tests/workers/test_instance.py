import asyncio
from types import SimpleNamespace

import pytest

from llmaas.workers.instance import Instance, Supervision
from llmaas.workers.protocol import Pong


class Connection:
    """Answers pings as told; time passes on the loop's own clock."""

    def __init__(self, pongs, *, last_pong_at):
        self.lost = asyncio.Event()
        self.last_pong = (last_pong_at, Pong())
        self._pongs = iter(pongs)

    def ping(self):
        pong = next(self._pongs, None)
        if pong is None:
            self.lost.set()
        else:
            self.last_pong = (asyncio.get_running_loop().time(), pong)


def failure(pongs, *, last_pong_age_s=0.0):
    limits = Supervision(ping_interval_s=0.001, ping_timeout_s=100, step_timeout_s=300)
    process = SimpleNamespace(poll=lambda: -9, returncode=-9)

    async def story():
        now = asyncio.get_running_loop().time()
        connection = Connection(pongs, last_pong_at=now - last_pong_age_s)
        instance = Instance(connection, limits, process=process, n_threads=1)
        return await instance.failure()

    return asyncio.run(story())


@pytest.mark.parametrize("age_s", [0.0, 1000.0])
def test_a_long_load_is_no_silence(age_s):
    assert failure([Pong()], last_pong_age_s=age_s) == "the worker ended (SIGKILL)"


def test_an_engine_step_without_end_is_a_failure_although_pings_are_answered():
    assert failure([Pong(), Pong(2.0), Pong(301.0)]) == "an engine step is running for 301 s"
