"""Figures of the engine's benchmark: kept from run to run, and held against what is wanted."""

from dataclasses import replace

import pytest
from benchmarks.engine_results import Kept, Result, figures, keep, read, section, verdict
from benchmarks.workloads import WORKLOADS, Workload

MOMENT = Kept("2026-11-21", threads=2, load=0.5)
RUN = Result(
    tokens_per_s=100.0,
    ttft_p50_s=0.1,
    ttft_p95_s=0.2,
    gap_p50_s=0.01,
    gap_p95_s=0.02,
    worst_gap_s=0.3,
    cpu_s=1.0,
    rss_mib=10.0,
)
WORKLOAD = Workload(
    "(a) 8",
    streams=8,
    n_ctx=112,
    aims={"against llama-server": 1.1, "first token against llama-server": 0.25, "worst gap": 0.25},
)


@pytest.fixture
def measured(tmp_path):
    def of(**runs):
        path = tmp_path / "kept.json"
        for system, results in runs.items():
            for result in results:
                name = {"split": "llama-server split", "unified": "llama-server unified"}
                keep(path, WORKLOAD.name, name.get(system, system), result, MOMENT)
        return read(path)

    return of


def test_the_better_of_two_settings_is_the_peer_for_each_figure(measured):
    kept = measured(
        llmaas=[RUN],
        split=[replace(RUN, tokens_per_s=50.0, ttft_p95_s=0.4)],
        unified=[replace(RUN, tokens_per_s=80.0, ttft_p95_s=1.6)],
    )
    found = figures(WORKLOAD, kept[WORKLOAD.name], kept)
    assert found["against llama-server"] == pytest.approx(1.25)
    assert found["first token against llama-server"] == pytest.approx(0.5)


def test_repeated_runs_count_by_their_median(measured):
    runs = [replace(RUN, tokens_per_s=speed) for speed in (90.0, 100.0, 500.0)]
    kept = measured(llmaas=runs, split=[RUN])
    assert figures(WORKLOAD, kept[WORKLOAD.name], kept)["against llama-server"] == 1.0


def test_an_aim_is_met_from_its_own_side():
    found = {"against llama-server": 1.2, "first token against llama-server": 0.5, "worst gap": 0.2}
    assert verdict(WORKLOAD.aims, found) == [
        "against llama-server 1.20× (≥ 1.1: yes)",
        "first token against llama-server 0.50× (≤ 0.25: **no**)",
        "worst gap 0.20 s (≤ 0.25: yes)",
    ]


def test_what_was_not_measured_is_neither_met_nor_missed():
    assert verdict(WORKLOAD.aims, {"worst gap": 0.2}) == ["worst gap 0.20 s (≤ 0.25: yes)"]


def test_runs_of_several_times_make_one_table(measured):
    measured(llmaas=[RUN])
    kept = measured(split=[RUN])
    table = section(kept, [WORKLOAD])
    assert "| (a) 8 | **llmaas** | 100.0 | 1.00 |" in table
    assert "| (a) 8 | llama-server split | 100.0 | 1.00 |" in table


def test_every_workload_has_a_name_of_its_own_and_something_wanted():
    assert len({workload.name for workload in WORKLOADS}) == len(WORKLOADS)
    assert all(workload.aims for workload in WORKLOADS)
