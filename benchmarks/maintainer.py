"""How long a maintainer waits: check, generate, plan, edit, and an edit until it is a visible page.

    python -m benchmarks.maintainer            print the figures
    python -m benchmarks.maintainer --write    put them into benchmarks/RESULTS.md

Every figure is the median of several processes, from the moment a started Python begins to import
until the command has done its work. Beside the seconds on the clock stand those of the processor,
which other programs on the machine do not lengthen; aims are held against them. What the
interpreter itself needs is measured too, so that machines can be compared by ratios.

The page is open in Chromium, under `llmaas docs serve`: the time is that on the clock from the
moment the catalogue is saved until the page shows the change by itself.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from tests.site.browsing import chromium_browser

from llmaas.catalog import read_catalog
from llmaas.catalog.edit.writing import item

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
TITLE = "## Maintainer's loop"
RUNS = 7
LARGE = 1000
PAGE_S = 2.0
MODEL_PAGE = "en/models/granite3.3-8b/"
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
    on_clock: bool = False
    """Whether the aim is for the clock."""


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
    os.environ["XDG_CACHE_HOME"] = str(directory / "cache")
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
            Figure(f"check, {name}, with generated files", timed(["check", path], runs), aims[0]),
            Figure(f"check, {name}, the same, by new code", forgetful(path, runs), None),
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
                aims[1],
            ),
            Figure(
                f"edit to visible page, {name}, prices",
                seen(path, "prices/", runs),
                PAGE_S if path is ours else aims[1],
                on_clock=True,
            ),
        ]
    figures.append(
        Figure(
            f"the same, {count(ours)} models, a model's page",
            seen(ours, MODEL_PAGE, runs),
            PAGE_S,
            on_clock=True,
        )
    )
    return figures


def forgetful(catalogue: Path, runs: int) -> Took:
    """`check` that cannot know what the description of the API is: the first after an update."""
    seconds = []
    for _ in range(runs):
        shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"]), ignore_errors=True)
        seconds.append(timed(["check", catalogue], 1))
    return median(seconds)


def seen(catalogue: Path, page: str, runs: int) -> Took:
    """From saving an edit until a page that is open in a browser shows it, by itself."""
    command = [sys.executable, "-m", "llmaas.cli", "docs", "serve", "--port", "0"]
    before = catalogue.read_text(encoding="utf-8")
    seconds = []
    with subprocess.Popen(
        [*command, "--catalog", str(catalogue)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        try:
            with chromium_browser() as browser:
                open_page = browser.new_page()
                open_page.goto(address + page, wait_until="load")
                for run in range(runs + 1):
                    name = f"Renamed {run}"
                    changed = re.sub(r"(?m)^  name: .+$", f"  name: {name}", before, count=1)
                    used, started = busy(process.pid), time.perf_counter()
                    catalogue.write_text(changed, encoding="utf-8")
                    open_page.wait_for_function(f"document.body?.innerText.includes({name!r})")
                    took = time.perf_counter() - started
                    if run:  # the first warms up
                        seconds.append(Took(took, busy(process.pid) - used))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
            catalogue.write_text(before, encoding="utf-8")
    return median(seconds)


def busy(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


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
        "whatever else the machine did. That of a visible page is held against the clock.",
        "",
        "| command | processor, s | × starting Python | clock, s | aim |",
        "|---|---:|---:|---:|---|",
    ]
    for each in figures:
        aim = ""
        if each.aim_s is not None:
            measured = each.took.wall_s if each.on_clock else each.took.processor_s
            aim = f"{each.aim_s:g} s: {'met' if measured < each.aim_s else 'missed'}"
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
    ours = re.compile(rf"^{re.escape(TITLE)}\n.*?(?=^## |^<!-- |\Z)", re.MULTILINE | re.DOTALL)
    written, times = ours.subn(lambda _: f"{section}\n", text)
    text = written if times else f"{text.rstrip()}\n\n{section}"
    RESULTS.write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
