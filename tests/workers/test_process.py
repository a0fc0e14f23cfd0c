import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest
from tests.workers.processes import worker_processes

pytestmark = pytest.mark.timeout(60)

PARENT = """
import asyncio, sys
from pathlib import Path
import msgspec
from llmaas.bundle import WorkerSpec
from llmaas.workers import Generate, ServedModel, Workers

async def main(weights, spec):
    served = ServedModel(msgspec.json.decode(spec, type=WorkerSpec), Path(weights), None, True)
    workers = Workers(
        {"tiny": served}, memory_budget_bytes=2**40, machine_name="here", n_threads=1
    )
    await workers.start()
    async with workers.lease("tiny") as lease:
        async for _ in lease.generate(Generate(0, prompt="a")):
            print(workers.status()[0].pid, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_worker_ends_when_its_gateway_is_killed(tiny, spec):
    arguments = [str(tiny.random), msgspec.json.encode(spec(n_ctx=512)).decode()]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments], stdout=subprocess.PIPE, text=True
    )
    with parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        worker.wait(timeout=5)
        assert not worker.is_running()


def test_ctrl_c_in_the_terminal_is_left_to_the_gateway(tiny, worker, answer, run):
    async def story():
        async with worker(tiny.recital("abcdef")) as connection:
            (child,) = worker_processes()
            child.send_signal(signal.SIGINT)
            return await answer(connection, prompt="a")

    assert run(story()).content == "bcdef"


def test_a_worker_is_recognisable_in_a_process_list(tiny, workers, run):
    async def story():
        async with workers({"qwen3:8b": tiny.random}) as pools, pools.lease("qwen3:8b"):
            return psutil.Process(pools.status()[0].pid).cmdline()

    command = run(story())
    assert command[1:5] == ["-m", "llmaas.workers", "--pool", "qwen3:8b"]


def test_importing_the_gateways_side_loads_no_engine():
    code = "import sys, llmaas.workers; print('llama_cpp' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="open files are read from /proc")
def test_a_worker_inherits_no_other_connection(tiny, workers, run):
    """An inherited gateway end of another worker would keep that one alive."""

    def sockets(pid):
        links = [entry.readlink().name for entry in Path(f"/proc/{pid}/fd").iterdir()]
        return [link for link in links if link.startswith("socket:")]

    async def story():
        async with (
            workers({"a": tiny.random, "b": tiny.random}) as pools,
            pools.lease("a"),
            pools.lease("b"),
        ):
            return sockets(pools.status()[1].pid)

    assert len(run(story())) == 1
