r"""The engine beside its peers, on one machine, over HTTP: `nox -s bench_engine`.

    python -m benchmarks.engine --quick
    python -m benchmarks.engine --llama-server build/bin/llama-server --only '\(b\)' --write

Systems take turns within a workload, so that a change of the machine meets all of them. What is
measured is kept beside the models, so a table can be made of runs at several times; `--write` puts
it into RESULTS.md. The service of this project is asked as its customers ask it, through gateway,
key, limits, prompt security and ledger; the others as they are.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import random
import re
import statistics
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.engine_results import Kept, Result, keep, read, section, write
from benchmarks.synthetic import synthetic_model
from benchmarks.systems import (
    Ask,
    Running,
    Setting,
    System,
    llama_server,
    ours,
    python_server,
)
from benchmarks.workloads import QUICK, WORKLOADS, Client, Workload

from llmaas.cli.service.machine import worker_threads

LEAST_SEQUENCES = 16
"""Every server is set up for so many, as one is that does not know its load."""
ONE_AT_A_TIME = "llama_cpp.server"
"""Asked only where it is compared: one request after the other, it takes minutes."""


async def measure(
    system: System, workload: Workload, setting: Setting, seed: int
) -> tuple[Result, float]:
    """Run one workload on one system; returns the resident MiB as well."""
    async with system(setting) as running:
        async for _ in running.ask(Ask(" the", 4)):
            pass
        cpu_before = running.cpu_s()
        began = time.perf_counter()
        clients = workload.clients(random.Random(seed))
        answers = await asyncio.gather(
            *[_ask_all(running, client, workload.temperature) for client in clients]
        )
        seconds = time.perf_counter() - began
        cpu_s, rss = running.cpu_s() - cpu_before, running.rss()
    # An intruder is asked how long it waited, the others how much it disturbed them.
    newcomers = answers[-1:] if workload.intruder else answers
    disturbed = answers[:-1] if workload.intruder else answers
    ttft = sorted(waits[0] for client in newcomers for waits in client)
    gaps = sorted(gap for client in disturbed for waits in client for gap in waits[1:])
    return Result(
        tokens_per_s=sum(len(waits) for client in answers for waits in client) / seconds,
        ttft_p50_s=statistics.median(ttft),
        ttft_p95_s=_percentile(ttft, 0.95),
        gap_p50_s=statistics.median(gaps),
        gap_p95_s=_percentile(gaps, 0.95),
        worst_gap_s=gaps[-1],
        cpu_s=cpu_s,
        rss_mib=rss / 2**20,
    )


async def _ask_all(running: Running, client: Client, temperature: float) -> list[list[float]]:
    """For each request: time to the first token, then the gaps."""
    await asyncio.sleep(client.delay_s)
    answers = []
    history = client.prefix
    for question in client.questions:
        prompt = history + question
        last, waits, said = time.perf_counter(), [], []
        async for moment, text in running.ask(Ask(prompt, client.output, temperature)):
            waits.append(moment - last)
            said.append(text)
            last = moment
        # A server may put tokens together that a busy reader has not taken yet.
        if len(waits) < 0.9 * client.output:
            raise RuntimeError(f"{len(waits)} of {client.output} tokens came as pieces of text")
        answers.append(waits)
        if client.chats:
            history = prompt + "".join(said)
    return answers


def _percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


def raw_limit(binary: Path, setting: Setting, *, prompt: int, output: int, streams: int) -> float:
    """Output tokens per second of llama-batched-bench in decode: one wave, no server."""
    cells = (prompt + output) * streams
    command = [
        str(binary), "-m", str(setting.weights), "-c", str(cells), "-b", "2048", "-ub", "512",
        "-npp", str(prompt), "-ntg", str(output), "-npl", str(streams), "-t",
        str(setting.n_threads), "-tb", str(setting.n_threads), "-fa", "on",
        "-ngl", "99" if setting.gpu else "0", "--output-format", "jsonl",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return float(json.loads(line)["speed_tg"])


def systems(arguments: argparse.Namespace) -> dict[str, System]:
    """What is compared: this project, and the peers that are here."""
    found: dict[str, System] = {"llmaas": ours()}
    if arguments.llama_server is not None:
        found["llama-server split"] = llama_server(arguments.llama_server, unified=False)
        found["llama-server unified"] = llama_server(arguments.llama_server, unified=True)
    if importlib.util.find_spec("fastapi") is not None:
        found[ONE_AT_A_TIME] = python_server()
    return {name: system for name, system in found.items() if re.search(arguments.systems, name)}


async def run(arguments: argparse.Namespace) -> None:
    """Measure what was chosen, keep it, and print the table of all that was kept."""
    weights = synthetic_model(arguments.directory, arguments.model, arguments.quantisation)
    kept = arguments.directory / f"engine.{weights.stem}.{arguments.threads}-threads.json"
    chosen = [w for w in (QUICK if arguments.quick else WORKLOADS) if _wanted(w, arguments)]
    for workload in chosen:
        setting = Setting(
            weights,
            workload.n_ctx,
            n_seq=workload.sequences or max(LEAST_SEQUENCES, workload.streams),
            n_threads=arguments.threads,
            gpu=arguments.gpu,
        )
        for repeat in range(arguments.repeats):
            for name, system in systems(arguments).items():
                compared = f"against {name}" in workload.aims and not repeat
                if name == ONE_AT_A_TIME and not compared:
                    continue
                result = await measure(system, workload, setting, arguments.seed + repeat)
                keep(kept, workload.name, name, result, _moment(arguments))
                print(workload.name, name, result.line(), flush=True)
            if arguments.batched_bench is not None and "of the raw limit" in workload.aims:
                limit = raw_limit(
                    arguments.batched_bench,
                    setting,
                    prompt=workload.question,
                    output=workload.output,
                    streams=workload.streams,
                )
                result = Result.of_speed(limit)
                keep(kept, workload.name, "raw limit", result, _moment(arguments))
                print(workload.name, "raw limit", f"{limit:.1f} tok/s in decode", flush=True)
    table = section(read(kept), QUICK if arguments.quick else WORKLOADS)
    print(table)
    if arguments.write:
        write(table)


def _wanted(workload: Workload, arguments: argparse.Namespace) -> bool:
    return re.search(arguments.only, workload.name) is not None


def _moment(arguments: argparse.Namespace) -> Kept:
    load = os.getloadavg()[0]
    return Kept(f"{datetime.now(UTC):%Y-%m-%d}", arguments.threads, load)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of half an hour")
    parser.add_argument("--only", default="", help="workloads whose name has this pattern")
    parser.add_argument("--systems", default="", help="systems whose name has this pattern")
    parser.add_argument("--repeats", type=int, default=1, help="times; medians are shown")
    parser.add_argument("--model", default="b114", choices=["b114", "q06", "l8b"])
    parser.add_argument("--quantisation", default="Q8_0", choices=["Q8_0", "Q4_0", "Q4_K_M"])
    parser.add_argument("--threads", type=int, default=worker_threads(), help="of every engine")
    parser.add_argument("--gpu", action="store_true", help="all layers on the GPU")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, default=Path("benchmarks/.models"))
    parser.add_argument("--llama-server", type=Path, help="built from the same source")
    parser.add_argument("--batched-bench", type=Path, help="llama-batched-bench, likewise")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
