"""What the gateway costs: requests per second and latency, against LiteLLM and the bare framework.

`nox -s bench_gateway` writes the table into `benchmarks/RESULTS.md`. All contenders are measured in
one run, in turns, each alone beside its load; nobody is pinned to a core, as no service is. The
answer is ready when it is asked for, so latency is what the gateway adds.

LiteLLM gets an environment of its own, and answers with its own `mock_response`, which
spares it the connection to an upstream. It is measured twice: with a master key alone, and with a
key of its own that has budget, price and rate limits, which its own checks enforce on every
request. The key comes from its hook for custom authentication and its spend is not kept,
because its database needs engines that Prisma downloads from a host of its own. So it is spared
reading keys from, and writing spend to, a database: the comparison is in its favour.
"""

import argparse
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvloop
from benchmarks.load import NUMBER, Load, measure
from benchmarks.null_gateway import CHUNKS, MODEL, TEXT

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
BEGIN, END = "<!-- gateway -->", "<!-- /gateway -->"
LITELLM = "litellm[proxy]==1.106.2"
CONNECTIONS = (1, 16, 64)
BARE = "Granian, bare ASGI"


@dataclass(frozen=True)
class Contender:
    """A gateway under test."""

    name: str
    url: str
    token: str
    model: str
    pid: int
    streams: bool


def body(model: str, *, stream: bool) -> bytes:
    """The request every contender gets."""
    content = f"Why is the sky blue? One sentence, for visitor {NUMBER}."
    messages = [{"role": "user", "content": content}]
    return json.dumps(
        {"model": model, "messages": messages, "max_tokens": 64, "stream": stream}
    ).encode()


@contextmanager
def null_gateway(kind: str, name: str) -> Iterator[Contender]:
    """One of `benchmarks.null_gateway`, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.null_gateway", kind],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        try:
            yield Contender(
                name,
                facts["url"],
                facts["token"],
                facts["model"],
                process.pid,
                kind in {"full", "unscreened"},
            )
        finally:
            process.stdin.close()
            process.wait(30)


CUSTOM_AUTH = f"""
from litellm.proxy._types import UserAPIKeyAuth


async def user_api_key_auth(request, api_key):
    if api_key != "sk-bench":
        raise Exception("wrong key")
    return UserAPIKeyAuth(
        api_key="sk-bench", key_alias="bench", models=[{MODEL!r}], max_budget=1e6, spend=0.0,
        rpm_limit=10**9, tpm_limit=10**12, max_parallel_requests=10**6,
    )
"""


@contextmanager
def litellm(environment: Path, state: Path, *, budgets: bool) -> Iterator[Contender]:
    """LiteLLM's proxy, with its own mock answer.

    Args:
        environment: where it is installed.
        state: for its configuration and log.
        budgets: whether the key has limits and a budget, and the model a price.
    """
    config = state / "litellm.yaml"
    (state / "bench_auth.py").write_text(CUSTOM_AUTH)
    parameters: dict[str, Any] = {
        "model": "openai/mock",
        "api_key": "none",
        "mock_response": TEXT,
    }
    general: dict[str, Any] = {"master_key": "sk-bench"}
    if budgets:
        parameters |= {"input_cost_per_token": 9e-7, "output_cost_per_token": 4e-6}
        general = {
            "master_key": "sk-master",
            "custom_auth": "bench_auth.user_api_key_auth",
            "custom_auth_run_common_checks": True,
        }
    models = [{"model_name": MODEL, "litellm_params": parameters}]
    config.write_text(json.dumps({"model_list": models, "general_settings": general}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [str(environment / "bin" / "litellm"), *options, "--num_workers", "1"],
        cwd=state,
        env={**os.environ, "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        stdout=(state / "litellm.log").open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError((state / "litellm.log").read_text()[-2000:])
            try:
                if httpx.get(f"{url}/health/liveliness", timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        name = f"{LITELLM}, {'key with budget and limits' if budgets else 'master key'}"
        yield Contender(name, url, "sk-bench", MODEL, process.pid, streams=True)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def resident_mb(pid: int) -> int:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 10**6


def install_litellm(directory: Path) -> Path | None:
    """An environment with LiteLLM; `None`, with the reason printed, where it does not install."""
    environment = directory / "environment"
    python = environment / "bin" / "python"
    commands = [
        ["uv", "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(environment)],
        ["uv", "pip", "install", "--quiet", "--no-config", "--python", str(python), LITELLM],
    ]
    for command in commands:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"LiteLLM is left out, it does not install:\n{done.stderr[-800:]}")
            return None
    return environment


@dataclass(frozen=True)
class Row:
    """What was measured of one contender."""

    name: str
    plain: dict[int, Load]
    streamed: dict[int, Load]
    memory_mb: int


def run(contender: Contender, seconds: float) -> Row:
    """Measure one contender."""

    def at(connections: int, *, stream: bool) -> Load:
        return uvloop.run(
            measure(
                contender.url,
                body=body(contender.model, stream=stream),
                token=contender.token,
                connections=connections,
                seconds=seconds,
            )
        )

    plain = {n: at(n, stream=False) for n in CONNECTIONS}
    streamed = {n: at(n, stream=True) for n in CONNECTIONS} if contender.streams else {}
    row = Row(contender.name, plain, streamed, resident_mb(contender.pid))
    print(row.name, {n: f"{load.requests_per_s:.0f}/s" for n, load in plain.items()}, flush=True)
    return row


def middle(rows: list[Row]) -> Row:
    """The median of several rounds, at each number of connections."""

    def median(loads: list[dict[int, Load]]) -> dict[int, Load]:
        return {
            n: sorted((load[n] for load in loads), key=lambda load: load.p50_ms)[len(loads) // 2]
            for n in loads[0]
        }

    return Row(
        rows[0].name,
        median([row.plain for row in rows]),
        median([row.streamed for row in rows]),
        max(row.memory_mb for row in rows),
    )


def table(rows: list[Row], *, rounds: int) -> str:
    """The rows as Markdown, with ratios to the first."""
    full = rows[0]
    intro = (
        f"`nox -s bench_gateway`, {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, "
        f"{os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the end, Python "
        f"{platform.python_version()}. One answer of {len(TEXT)} bytes; a stream has {CHUNKS} "
        "pieces. Every prompt is another one. Latencies are p50 / p99 in ms, with nothing behind "
        "the gateway to wait for. "
        f"Medians of {rounds} rounds, in which all take turns; read the ratios."
    )
    lines = [
        BEGIN,
        "## Gateway",
        "",
        intro,
        "",
        "| gateway | " + " | ".join(f"req/s at {n}" for n in CONNECTIONS) + " | "
        "ms at 1 | ms at 16 | ms at 64 | stream ms at 1 | streams/s at 16 | first byte ms at 16 | "
        "MB |",
        "|---|" + "--:|" * (len(CONNECTIONS) + 7),
    ]
    for row in rows:
        rates = " | ".join(f"{row.plain[n].requests_per_s:,.0f}" for n in CONNECTIONS)
        times = " | ".join(
            f"{row.plain[n].p50_ms:.2f} / {row.plain[n].p99_ms:.2f}" for n in CONNECTIONS
        )
        streams = "– | – | –"
        if row.streamed:
            one, many = row.streamed[1], row.streamed[16]
            streams = (
                f"{one.p50_ms:.2f} | {many.requests_per_s:,.0f} | {many.first_byte_p50_ms:.2f}"
            )
        lines.append(f"| {row.name} | {rates} | {times} | {streams} | {row.memory_mb} |")
    lines.append("")
    bare = next(row for row in rows if row.name == BARE)
    for row in rows:
        if row is not bare:
            added = row.plain[1].p50_ms - bare.plain[1].p50_ms
            lines.append(f"- {row.name} adds {added * 1000:,.0f} µs to the bare server's p50 at 1.")
    for row in rows[1:]:
        more = " · ".join(
            f"{full.plain[n].requests_per_s / row.plain[n].requests_per_s:.2f}× at {n}"
            for n in CONNECTIONS
        )
        slower = " · ".join(
            f"{full.plain[n].p50_ms / row.plain[n].p50_ms:.2f}× at {n}" for n in CONNECTIONS
        )
        lines.append(f"- LLMaaS against {row.name}: requests/s {more}; p50 {slower}.")
    return "\n".join([*lines, END])


def write(section: str) -> None:
    """Put the table in its place of the results."""
    text = RESULTS.read_text() if RESULTS.exists() else "# Measured\n\n"
    if BEGIN in text:
        before, rest = text.split(BEGIN, 1)
        text = before + section + rest.split(END, 1)[1]
    else:
        text = text.rstrip() + "\n\n" + section + "\n"
    RESULTS.write_text(text)


def main() -> None:
    """Measure everyone, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements, in turns")
    parser.add_argument(
        "--state",
        type=lambda given: Path(given).resolve(),
        required=True,
        help="directory for environments",
    )
    given = parser.parse_args()
    given.state.mkdir(parents=True, exist_ok=True)
    contenders = [
        partial(null_gateway, "full", "**LLMaaS**, full path"),
        partial(null_gateway, "unscreened", "LLMaaS without prompt security"),
        partial(null_gateway, "litestar", "Litestar handler"),
        partial(null_gateway, "granian", BARE),
    ]
    environment = install_litellm(given.state)
    if environment is not None:
        contenders += [
            partial(litellm, environment, given.state, budgets=budgets) for budgets in (True, False)
        ]
    measured: list[list[Row]] = [[] for _ in contenders]
    for _ in range(given.rounds):
        for rows, start in zip(measured, contenders, strict=True):
            with start() as contender:
                rows.append(run(contender, given.seconds))
    write(table([middle(rows) for rows in measured], rounds=given.rounds))
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
