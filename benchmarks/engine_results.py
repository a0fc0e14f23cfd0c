"""What was measured of engines: kept from run to run, held against what is wanted, and written."""

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.workloads import Workload

RESULTS = Path(__file__).with_name("RESULTS.md")
OURS = "llmaas"


@dataclass(frozen=True)
class Result:
    """Of one system in one workload."""

    tokens_per_s: float
    ttft_p50_s: float
    ttft_p95_s: float
    gap_p50_s: float
    gap_p95_s: float
    worst_gap_s: float
    cpu_s: float
    rss_mib: float

    @classmethod
    def of_speed(cls, tokens_per_s: float) -> "Result":
        """Where nothing else was measured."""
        return cls(tokens_per_s, 0, 0, 0, 0, 0, 0, 0)

    def line(self) -> str:
        """For people who watch."""
        return (
            f"{self.tokens_per_s:.1f} tok/s, first token {self.ttft_p50_s:.3f} / "
            f"{self.ttft_p95_s:.3f} s, gap {self.gap_p50_s:.4f} / {self.gap_p95_s:.3f} / "
            f"{self.worst_gap_s:.2f} s, {self.cpu_s:.1f} CPU s, {self.rss_mib:.0f} MiB"
        )


@dataclass(frozen=True)
class Kept:
    """When and how something was measured."""

    date: str
    threads: int
    load: float


@dataclass(frozen=True)
class Runs:
    """All runs of one system in one workload."""

    results: tuple[Result, ...]
    moments: tuple[Kept, ...]

    def median(self, figure: Callable[[Result], float]) -> float:
        """Of one figure over the runs."""
        return statistics.median(map(figure, self.results))


Measured = Mapping[str, Mapping[str, Runs]]
"""By workload and system."""


def keep(path: Path, workload: str, system: str, result: Result, moment: Kept) -> None:
    """Add a run to those that are kept."""
    text = json.loads(path.read_text()) if path.exists() else {}
    runs = text.setdefault(workload, {}).setdefault(system, [])
    runs.append({**asdict(result), "moment": asdict(moment)})
    path.write_text(json.dumps(text, indent=1))


def read(path: Path) -> Measured:
    """All runs that are kept."""

    def runs(rows: list[dict[str, object]]) -> Runs:
        moments = tuple(Kept(**row.pop("moment")) for row in rows)  # type: ignore[arg-type]
        return Runs(tuple(Result(**row) for row in rows), moments)  # type: ignore[arg-type]

    text = json.loads(path.read_text())
    return {
        workload: {name: runs(rows) for name, rows in systems.items()}
        for workload, systems in text.items()
    }


def figures(
    workload: Workload, systems: Mapping[str, Runs], measured: Measured
) -> dict[str, float]:
    """What the aims of a workload speak of, as far as it was measured."""
    mine = systems.get(OURS)
    if mine is None:
        return {}
    found = {"worst gap": mine.median(lambda r: r.worst_gap_s)}
    peers = [runs for name, runs in systems.items() if name.startswith("llama-server")]
    if peers:
        # The better of its two layouts, for each figure.
        speed = max(runs.median(lambda r: r.tokens_per_s) for runs in peers)
        first = min(runs.median(lambda r: r.ttft_p95_s) for runs in peers)
        found["against llama-server"] = mine.median(lambda r: r.tokens_per_s) / speed
        found["first token against llama-server"] = mine.median(lambda r: r.ttft_p95_s) / first
    if alone := systems.get("llama_cpp.server"):
        speed = alone.median(lambda r: r.tokens_per_s)
        found["against llama_cpp.server"] = mine.median(lambda r: r.tokens_per_s) / speed
    if limit := systems.get("raw limit"):
        decode = workload.streams / mine.median(lambda r: r.gap_p50_s)
        found["of the raw limit"] = decode / limit.median(lambda r: r.tokens_per_s)
    greedy = measured.get(workload.name.partition(",")[0], {}).get(OURS)
    if workload.temperature and greedy:
        speed = greedy.median(lambda r: r.tokens_per_s)
        found["against greedy"] = mine.median(lambda r: r.tokens_per_s) / speed
    return found


AT_MOST = {"worst gap", "first token against llama-server"}
"""Figures of which less is better."""


def verdict(aims: Mapping[str, float], found: Mapping[str, float]) -> list[str]:
    """One line for each aim that was measured."""
    lines = []
    for name, aim in aims.items():
        if name not in found:
            continue
        met = found[name] <= aim if name in AT_MOST else found[name] >= aim
        sign, unit = ("≤" if name in AT_MOST else "≥"), (" s" if name == "worst gap" else "×")
        lines.append(
            f"{name} {found[name]:.2f}{unit} ({sign} {aim:g}: {'yes' if met else '**no**'})"
        )
    return lines


def section(measured: Measured, workloads: Sequence[Workload]) -> str:
    """The table as Markdown; medians of the runs there are."""
    chosen = [workload for workload in workloads if workload.name in measured]
    moments = [m for w in chosen for runs in measured[w.name].values() for m in runs.moments]
    dates = sorted({moment.date for moment in moments})
    loads = sorted(moment.load for moment in moments)
    most = max(len(runs.results) for w in chosen for runs in measured[w.name].values())
    how = (
        f"{' and '.join(dates)}, {platform.machine()}, {os.cpu_count()} cores, "
        f"{moments[-1].threads} threads for every engine, Python {platform.python_version()}; "
        f"load {loads[0]:.1f} to {loads[-1]:.1f}, the measurement's own included; medians of "
        f"up to {most} runs, in turns. First token and gap in seconds."
    )
    columns = (
        "workload", "system", "tok/s", "× llama-server", "first token p50 / p95",
        "gap p50 / p95 / worst", "CPU s", "MiB",
    )  # fmt: skip
    lines = [how, "", f"| {' | '.join(columns)} |", "|---|---|--:|--:|--:|--:|--:|--:|"]
    for workload in chosen:
        for name, runs in measured[workload.name].items():
            lines.append(_row(workload, name, runs, measured[workload.name]))
    lines += ["", "| workload | wanted, and met |", "|---|---|"]
    for workload in chosen:
        found = figures(workload, measured[workload.name], measured)
        lines.append(f"| {workload.name} | {'; '.join(verdict(workload.aims, found))} |")
    return "\n".join(lines)


def _row(workload: Workload, name: str, runs: Runs, systems: Mapping[str, Runs]) -> str:
    speed = runs.median(lambda r: r.tokens_per_s)
    if name == "raw limit":
        return f"| {workload.name} | llama-batched-bench, decode | {speed:.1f} | | | | | |"
    peers = [
        other.median(lambda r: r.tokens_per_s)
        for peer, other in systems.items()
        if peer.startswith("llama-server")
    ]
    ratio = f"{speed / max(peers):.2f}" if peers else "–"
    label = f"**{name}**" if name == OURS else name
    first = [runs.median(lambda r: r.ttft_p50_s), runs.median(lambda r: r.ttft_p95_s)]
    gap = [runs.median(lambda r: r.gap_p50_s), runs.median(lambda r: r.gap_p95_s)]
    worst = runs.median(lambda r: r.worst_gap_s)
    cpu_s, rss = runs.median(lambda r: r.cpu_s), runs.median(lambda r: r.rss_mib)
    return (
        f"| {workload.name} | {label} | {speed:.1f} | {ratio} | {first[0]:.2f} / {first[1]:.2f} "
        f"| {gap[0]:.3f} / {gap[1]:.3f} / {worst:.2f} | {cpu_s:.1f} | {rss:.0f} |"
    )


TABLE_BEGIN, TABLE_END = "<!-- engine table -->", "<!-- /engine table -->"


def write(table: str) -> None:
    """Put the table into its place in the results; what people wrote around it stays."""
    text = RESULTS.read_text()
    before, _, rest = text.partition(TABLE_BEGIN)
    _, _, after = rest.partition(TABLE_END)
    RESULTS.write_text(f"{before}{TABLE_BEGIN}\n{table}\n{TABLE_END}{after}")
