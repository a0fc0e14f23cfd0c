"""The engine beside its peers, in one run, on one machine: `nox -s bench_engine`.

    python -m benchmarks.engine --quick
    python -m benchmarks.engine --llama-server build/bin/llama-server --markdown

Every workload is a closed loop: so many clients, each asks again when it was answered. Systems take
turns within a workload, so that a change of the machine meets all of them. Ratios compare with the
better of llama-server's two memory layouts.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import platform
import random
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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

N_TOKENS = 4096
"""Prompts are random tokens below this: ordinary ones of every vocabulary here."""


@dataclass(frozen=True)
class Workload:
    """Clients and what they ask."""

    name: str
    streams: int
    conversations: Callable[[random.Random], list[list[Ask]]]
    """For every client, what it asks one after the other."""
    n_ctx: int


@dataclass(frozen=True)
class Result:
    """Of one system in one workload."""

    tokens_per_s: float
    ttft_p50_s: float
    ttft_p95_s: float
    gap_p95_s: float
    worst_gap_s: float
    cpu_s: float
    rss_mib: float


def unrelated(streams: int, prompt: int, output: int, *, rounds: int, temperature: float = 0.0):
    """(a) Prompts that share nothing."""

    def make(chance: random.Random) -> list[list[Ask]]:
        return [
            [_ask(_tokens(chance, prompt), output, temperature) for _ in range(rounds)]
            for _ in range(streams)
        ]

    sampled = f", temperature {temperature}" if temperature else ""
    name = f"(a) {streams} × {prompt} → {output}{sampled}"
    return Workload(name, streams, make, prompt + output + 16)


def shared(streams: int, system: int, question: int, output: int, *, rounds: int):
    """(b) One system prompt for all."""

    def make(chance: random.Random) -> list[list[Ask]]:
        prefix = _tokens(chance, system)
        return [
            [_ask(prefix + _tokens(chance, question), output) for _ in range(rounds)]
            for _ in range(streams)
        ]

    name = f"(b) {streams} × {system} shared + {question} → {output}"
    return Workload(name, streams, make, system + question + output + 16)


def chats(streams: int, turns: int, question: int, output: int):
    """(c) Conversations: every prompt is the last one, an answer and a question."""

    def make(chance: random.Random) -> list[list[Ask]]:
        clients = []
        for _ in range(streams):
            history: tuple[int, ...] = ()
            asks = []
            for _ in range(turns):
                history += _tokens(chance, question)
                asks.append(_ask(history, output))
                history += _tokens(chance, output)
            clients.append(asks)
        return clients

    name = f"(c) {streams} chats of {turns} turns, {question} → {output}"
    return Workload(name, streams, make, turns * (question + output) + 16)


def intruder(streams: int, prompt: int, output: int):
    """(d) A long prompt arrives while others are answered: the last client."""

    def make(chance: random.Random) -> list[list[Ask]]:
        running = [[_ask(_tokens(chance, 32), output)] for _ in range(streams)]
        return [*running, [_ask(_tokens(chance, prompt), 8)]]

    name = f"(d) {prompt} tokens into {streams} running"
    return Workload(name, streams + 1, make, prompt + output + 64)


FULL = [
    *(unrelated(n, 32, 64, rounds=3) for n in (1, 4, 8, 16, 32)),
    *(unrelated(n, 512, 64, rounds=2) for n in (1, 8, 16)),
    unrelated(4, 4096, 64, rounds=1),
    *(unrelated(n, 32, 64, rounds=3, temperature=0.8) for n in (8, 16)),
    *(shared(n, 1500, 50, 64, rounds=2) for n in (8, 16)),
    chats(8, 8, 60, 48),
    intruder(4, 2048, 256),
]
QUICK = [
    unrelated(8, 32, 32, rounds=1),
    unrelated(8, 32, 32, rounds=1, temperature=0.8),
    shared(8, 600, 30, 16, rounds=1),
    chats(4, 4, 40, 16),
    intruder(4, 1024, 64),
]


def _tokens(chance: random.Random, count: int) -> tuple[int, ...]:
    return tuple(chance.randrange(256, N_TOKENS) for _ in range(count))


def _ask(tokens: tuple[int, ...], output: int, temperature: float = 0.0) -> Ask:
    # About one token per word in any vocabulary of this size.
    text = " ".join(("the", "and", "for", "with", "that", "this")[t % 6] for t in tokens)
    return Ask(tokens, text, output, temperature)


async def measure(system: System, workload: Workload, setting: Setting, seed: int) -> Result:
    """Run one workload on one system."""
    async with system(setting) as running:
        warm_up = _ask(_tokens(random.Random(0), 16), 4)
        async for _ in running.ask(warm_up):
            pass
        cpu_before = running.cpu_s()
        began = time.perf_counter()
        clients = workload.conversations(random.Random(seed))
        late = workload.name.startswith("(d)")
        answers = await asyncio.gather(
            *[
                _client(running, asks, delay=1.0 if late and index == len(clients) - 1 else 0.0)
                for index, asks in enumerate(clients)
            ]
        )
        seconds = time.perf_counter() - began
        cpu_s, rss = running.cpu_s() - cpu_before, running.rss()
    of_interest = answers[-1:] if late else answers
    ttft = sorted(answer[0] for client in of_interest for answer in client)
    gaps = sorted(
        gap for client in answers[: -1 if late else None] for a in client for gap in a[1:]
    )
    output = sum(ask.output for asks in clients for ask in asks)
    return Result(
        tokens_per_s=output / seconds,
        ttft_p50_s=statistics.median(ttft),
        ttft_p95_s=_percentile(ttft, 0.95),
        gap_p95_s=_percentile(gaps, 0.95),
        worst_gap_s=gaps[-1],
        cpu_s=cpu_s,
        rss_mib=rss / 2**20,
    )


async def _client(running: Running, asks: list[Ask], *, delay: float) -> list[list[float]]:
    """For each request: time to the first token, then the gaps."""
    await asyncio.sleep(delay)
    answers = []
    for ask in asks:
        last, gaps = time.perf_counter(), []
        async for moment in running.ask(ask):
            gaps.append(moment - last)
            last = moment
        answers.append(gaps)
    return answers


def _percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


def raw_limit(binary: Path, setting: Setting, *, prompt: int, output: int, streams: int) -> float:
    """Output tokens per second of llama-batched-bench: one wave, no server."""
    cells = (prompt + output) * streams
    command = [
        str(binary), "-m", str(setting.weights), "-c", str(cells), "-b", "2048", "-ub", "512",
        "-npp", str(prompt), "-ntg", str(output), "-npl", str(streams), "-t",
        str(setting.n_threads), "-tb", str(setting.n_threads), "-fa", "on",
        "--output-format", "jsonl",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return float(json.loads(line)["speed_tg"])


def systems(arguments: argparse.Namespace) -> dict[str, System]:
    """What is compared: this project's two layouts, and the peers that are here."""
    found: dict[str, System] = {
        "llmaas": ours(),
        "llmaas split": ours(kv_unified=False),
        "llmaas unified": ours(kv_unified=True),
    }
    if arguments.only_default:
        found = {"llmaas": found["llmaas"]}
    if arguments.llama_server is not None:
        found["llama-server split"] = llama_server(arguments.llama_server, unified=False)
        found["llama-server unified"] = llama_server(arguments.llama_server, unified=True)
    if importlib.util.find_spec("fastapi") is not None and not arguments.no_python_server:
        found["llama_cpp.server"] = python_server()
    return found


async def run(arguments: argparse.Namespace) -> None:
    """Measure and print one table."""
    weights = synthetic_model(arguments.directory, arguments.model, arguments.quantisation)
    compared = systems(arguments)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {arguments.threads} threads, "
        f"{arguments.model} {arguments.quantisation}, load {_load()}\n"
    )
    print(
        "| workload | system | tok/s | × peer | TTFT p50 / p95 s | gap p95 / worst | CPU s | MiB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for workload in QUICK if arguments.quick else FULL:
        setting = Setting(
            weights, workload.n_ctx, n_seq=max(16, workload.streams), n_threads=arguments.threads
        )
        results = {}
        for name, system in compared.items():
            if name == "llama_cpp.server" and workload.n_ctx > 2048:
                continue
            results[name] = await measure(system, workload, setting, arguments.seed)
        peer = max(
            (r.tokens_per_s for n, r in results.items() if n.startswith("llama-server")),
            default=0.0,
        )
        for name, r in results.items():
            ratio = f"{r.tokens_per_s / peer:.2f}" if peer else "–"
            print(
                f"| {workload.name} | {name} | {r.tokens_per_s:.1f} | {ratio} "
                f"| {r.ttft_p50_s:.2f} / {r.ttft_p95_s:.2f} "
                f"| {r.gap_p95_s:.3f} / {r.worst_gap_s:.2f} "
                f"| {r.cpu_s:.1f} | {r.rss_mib:.0f} |",
                flush=True,
            )
    if arguments.batched_bench is not None:
        for streams in (1, 8, 16):
            setting = Setting(weights, 128, streams, arguments.threads)
            speed = raw_limit(
                arguments.batched_bench, setting, prompt=32, output=64, streams=streams
            )
            print(
                f"| raw limit of decode, {streams} × 32 → 64 | llama-batched-bench | {speed:.1f} |"
            )


def _load() -> str:
    return "/".join(f"{value:.1f}" for value in os.getloadavg())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of half an hour")
    parser.add_argument("--model", default="b114", choices=["b114", "q06", "l8b"])
    parser.add_argument("--quantisation", default="Q8_0", choices=["Q8_0", "Q4_0", "Q4_K_M"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, default=Path("benchmarks/.models"))
    parser.add_argument("--llama-server", type=Path, help="built from the same source")
    parser.add_argument("--batched-bench", type=Path, help="llama-batched-bench, likewise")
    parser.add_argument("--no-python-server", action="store_true")
    parser.add_argument("--only-default", action="store_true", help="one layout: the chosen one")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
