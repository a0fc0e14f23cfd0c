"""How long a maintainer waits: check, generate, plan and edit, with our catalogue and a large one.

    python benchmarks/maintainer.py            print the figures
    python benchmarks/maintainer.py --write    put them into benchmarks/RESULTS.md

Every figure is the median of several processes, from the moment a started Python begins to import
until the command has done its work. Beside the seconds on the clock stand those of the processor,
which other programs on the machine do not lengthen; aims are held against them. What the
interpreter itself needs is measured too, so that machines can be compared by ratios.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from llmaas.catalog import read_catalog
from llmaas.catalog.edit.writing import item

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
TITLE = "## Maintainer's loop"
RUNS = 7
LARGE = 1000
_TIMED = """
import time
started, used = time.perf_counter(), time.process_time()
import json, sys
sys.argv = ["llmaas", *json.loads(sys.argv[1])]
from llmaas.cli import main
try:
    main()
except SystemExit as ended:
    assert ended.code in {0, None, 10, 11}, ended.code
finally:
    took = time.perf_counter() - started, time.process_time() - used
    print("took", *took, file=sys.stderr)
"""


@dataclass(frozen=True)
class Took:
    """Seconds of a command: on the clock, and of the processor."""

    wall_s: float
    processor_s: float


@dataclass(frozen=True)
class Figure:
    """What a command took, and the seconds it should stay under; no aim is `None`."""

    name: str
    took: Took
    aim_s: float | None


def main() -> None:
    """Measure, print, and write where that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="update benchmarks/RESULTS.md")
    parser.add_argument("--runs", type=int, default=RUNS, help="processes for each figure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        section = report(measure(Path(directory), arguments.runs), arguments.runs)
    print(section)
    if arguments.write:
        write_section(section)


def measure(directory: Path, runs: int) -> list[Figure]:
    """All figures, in a directory that is empty."""
    ours = directory / "ours" / "models_config.yaml"
    large = directory / "large" / "models_config.yaml"
    for path in (ours, large):
        path.parent.mkdir()
    shutil.copy(ROOT / "catalog" / "models_config.yaml", ours)
    large.write_text(enlarged(ours, LARGE), encoding="utf-8")
    figures = [Figure("python -c pass", bare_python(runs), None)]
    for name, path, aims in (
        (f"{count(ours)} models", ours, (0.3, 1.0)),
        (f"{LARGE} models", large, (5.0, 5.0)),
    ):
        changed = path.with_name("changed.yaml")
        text = path.read_text(encoding="utf-8")
        changed.write_text(text.replace("eur: 4.00", "eur: 5.00"), encoding="utf-8")
        figures += [
            Figure(f"check, {name}, nothing generated", timed(["check", path], runs), aims[0]),
            Figure(f"generate, {name}, all files new", generated(path, runs), aims[1]),
            Figure(f"generate, {name}, nothing to do", timed(["generate", path], runs), aims[1]),
            Figure(f"check, {name}, with generated files", timed(["check", path], runs), None),
            Figure(
                f"plan, {name}, without pages",
                timed(["plan", changed, "--against", path, "--no-pages"], runs),
                None,
            ),
            Figure(
                f"edit, {name}, not written",
                timed(
                    ["edit", "alias", "add", "qwen3:8b", "another", "--dry-run", "--catalog", path],
                    runs,
                ),
                None,
            ),
        ]
    return figures


def enlarged(catalogue: Path, size: int) -> str:
    """The catalogue with its models repeated under other ids until there are `size`."""
    text = catalogue.read_text(encoding="utf-8").rstrip("\n") + "\n"
    value = read_catalog(catalogue).document.value
    assert isinstance(value, dict)
    models = value["models"]
    lines = []
    for number in range(size - len(models)):
        model = models[number % len(models)]
        turn = number // len(models) + 2
        names = {"id": f"copy{turn}-{model['id']}", "aliases": ()}
        lines += ["", *item({**model, **names}, 2)]
    return text + "\n".join(lines) + "\n"


def count(catalogue: Path) -> int:
    """The models of a catalogue."""
    catalog = read_catalog(catalogue).catalog
    assert catalog is not None
    return len(catalog.models)


def bare_python(runs: int) -> Took:
    """What the interpreter takes to start and end."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        code = "import time; print(time.process_time())"
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
        seconds.append(Took(time.perf_counter() - started, float(done.stdout)))
    return median(seconds)


def median(seconds: Sequence[Took]) -> Took:
    """Of each kind of seconds by itself."""
    return Took(
        statistics.median(each.wall_s for each in seconds),
        statistics.median(each.processor_s for each in seconds),
    )


def generated(catalogue: Path, runs: int) -> Took:
    """`generate` into a directory that is new every time."""
    seconds = []
    for _ in range(runs):
        shutil.rmtree(catalogue.with_name("bundle"), ignore_errors=True)
        seconds.append(timed(["generate", catalogue], 1))
    return median(seconds)


def timed(arguments: Sequence[str | Path], runs: int) -> Took:
    """The median of a command, in processes of their own."""
    kept = {key: each for key, each in os.environ.items() if not key.startswith("LLMAAS_")}
    seconds = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", _TIMED, json.dumps([str(each) for each in arguments])],
            env=kept,
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"^took ([0-9.]+) ([0-9.]+)$", done.stderr, re.MULTILINE)
        if done.returncode or found is None:
            said = "\n".join(f"{done.stdout}{done.stderr}".splitlines()[-20:])
            raise SystemExit(f"{arguments} failed:\n{said}")
        seconds.append(Took(float(found[1]), float(found[2])))
    return median(seconds)


def report(figures: list[Figure], runs: int) -> str:
    """The section, in Markdown."""
    bare = figures[0].took.processor_s
    lines = [
        TITLE,
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, Python {platform.python_version()},",
        f"load {os.getloadavg()[0]:.1f}.",
        "",
        f"Median of {runs} processes, from the first import on (`nox -s bench_maintainer`). Aims",
        "are held against the seconds of the processor; those on the clock include the waiting for",
        "whatever else the machine did.",
        "",
        "| command | processor, s | × starting Python | clock, s | aim |",
        "|---|---:|---:|---:|---|",
    ]
    for each in figures:
        aim = ""
        if each.aim_s is not None:
            aim = f"{each.aim_s:g} s: {'met' if each.took.processor_s < each.aim_s else 'missed'}"
        seconds, wall_s = each.took.processor_s, each.took.wall_s
        lines.append(
            f"| {each.name} | {seconds:.3f} | {seconds / bare:.0f} | {wall_s:.3f} | {aim} |"
        )
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Cores and processor, as Linux names them."""
    names = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores of {names[0].strip() if names else platform.machine()}"


def write_section(section: str) -> None:
    """Put the section in the place of the one before, or at the end."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Measured\n"
    others = re.sub(
        rf"^{re.escape(TITLE)}\n.*?(?=^## |\Z)", "", text, flags=re.MULTILINE | re.DOTALL
    )
    RESULTS.write_text(f"{others.rstrip()}\n\n{section}", encoding="utf-8")


if __name__ == "__main__":
    main()
