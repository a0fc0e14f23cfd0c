"""What a machine has, and what a deployment makes of it."""

import os

from llmaas.cli.service import machine


def test_a_container_limit_counts_where_it_is_less(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(machine, "_CGROUP_LIMITS", (limit, tmp_path / "missing"))
    whole = machine.memory_bytes()
    limit.write_text("1000000\n")
    assert machine.memory_bytes() == 1_000_000
    for no_limit in ("max\n", "9223372036854771712\n", ""):
        limit.write_text(no_limit)
        assert machine.memory_bytes() == whole


def test_one_core_is_left_to_the_gateway(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert machine.worker_threads() == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert machine.worker_threads() == 1
