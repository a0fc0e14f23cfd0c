"""How a worker's process is started."""

import socket

import psutil
import pytest

from llmaas.workers.spawning import spawn_worker


@pytest.fixture
def environment_of_a_worker():
    near, far = socket.socketpair()
    started = []

    def read():
        process = spawn_worker("a", far)
        started.append(process)
        environment: dict[str, str] = {}
        while not environment:  # right after it was started, the kernel shows none
            environment = psutil.Process(process.pid).environ()
        return environment

    yield read
    near.close()
    far.close()
    for process in started:
        process.kill()
        process.wait()


def test_threads_of_a_step_let_go_of_their_core_soon(environment_of_a_worker):
    assert int(environment_of_a_worker()["GOMP_SPINCOUNT"]) <= 10_000


def test_an_operator_decides_how_long_threads_spin(environment_of_a_worker, monkeypatch):
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    assert environment_of_a_worker()["GOMP_SPINCOUNT"] == "7"
