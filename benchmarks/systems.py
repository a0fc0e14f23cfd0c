"""The engines that are compared, each in a process of its own, behind one way to ask."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from llmaas.bundle import EngineOptions, WorkerSpec
from llmaas.workers.client import WorkerConnection
from llmaas.workers.protocol import Delta, Generate, Load, Sampling


@dataclass(frozen=True)
class Setting:
    """What every engine gets."""

    weights: Path
    n_ctx: int
    """Tokens of one request at most."""
    n_seq: int
    n_threads: int


@dataclass(frozen=True)
class Ask:
    """One request."""

    tokens: tuple[int, ...]
    text: str
    """The same, for engines that take no tokens."""
    output: int
    temperature: float = 0.0


Answer = AsyncIterator[float]
"""A moment for every piece of the answer."""


@dataclass(frozen=True)
class Running:
    """A started engine."""

    ask: Callable[[Ask], Answer]
    pid: int
    connection: WorkerConnection | None = None
    """Of this project's own worker."""

    def cpu_s(self) -> float:
        """CPU time so far."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def rss(self) -> int:
        """Resident bytes."""
        return int(psutil.Process(self.pid).memory_info().rss)


System = Callable[[Setting], AbstractAsyncContextManager[Running]]


def ours(**engine: Any) -> System:
    """The worker of this project, asked over its own protocol."""

    @asynccontextmanager
    async def start(setting: Setting) -> AsyncIterator[Running]:
        near, far = socket.socketpair()
        with far:
            process = subprocess.Popen(  # noqa: ASYNC220 - takes milliseconds
                [sys.executable, "-m", "llmaas.workers", "--fd", str(far.fileno())],
                pass_fds=[far.fileno()],
            )
        connection = await WorkerConnection.connect(near)
        spec = WorkerSpec(
            pool="bench", kind="generation", weights=None, mmproj=None,
            n_ctx=setting.n_ctx, n_seq_max=setting.n_seq, n_gpu_layers=0, chat_format=None,
            tool_call_format=None, reasoning=None, pooling=None, embedding_dimensions=None,
            pinned=False, engine=EngineOptions(**engine),
        )  # fmt: skip
        connection.load(
            Load(spec=spec, weights_path=str(setting.weights), n_threads=setting.n_threads)
        )
        await connection.ready

        async def ask(request: Ask) -> Answer:
            sampling = Sampling(temperature=request.temperature, top_p=0.95, ignore_eos=True)
            if request.temperature == 0:
                sampling = Sampling(temperature=0, ignore_eos=True)
            generate = Generate(
                0, prompt_tokens=list(request.tokens), max_tokens=request.output, sampling=sampling
            )
            async for message in connection.generate(generate):
                if isinstance(message, Delta):
                    yield time.perf_counter()

        try:
            yield Running(ask, process.pid, connection)
        finally:
            connection.close()
            await asyncio.to_thread(process.wait, 30)

    return start


def llama_server(binary: Path, *, unified: bool) -> System:
    """The C++ server of llama.cpp, built from the same source."""

    @asynccontextmanager
    async def start(setting: Setting) -> AsyncIterator[Running]:
        cells = setting.n_ctx * setting.n_seq
        command = [
            str(binary), "-m", str(setting.weights), "-c", str(cells), "-np", str(setting.n_seq),
            "-t", str(setting.n_threads), "-tb", str(setting.n_threads), "-b", "2048", "-ub", "512",
            "-fa", "on", "--cache-ram", "0", "-kvu" if unified else "-no-kvu",
        ]  # fmt: skip

        def body(request: Ask) -> dict[str, Any]:
            return {
                "prompt": list(request.tokens), "n_predict": request.output, "stream": True,
                "temperature": request.temperature, "ignore_eos": True, "cache_prompt": True,
                "top_k": 0 if request.temperature == 0 else 40, "top_p": 0.95, "min_p": 0.0,
            }  # fmt: skip

        async with _http(command, "/completion", body) as running:
            yield running

    return start


def python_server() -> System:
    """`llama_cpp.server` of the same version."""

    @asynccontextmanager
    async def start(setting: Setting) -> AsyncIterator[Running]:
        command = [
            sys.executable, "-m", "llama_cpp.server", "--model", str(setting.weights),
            "--n_ctx", str(setting.n_ctx), "--n_threads", str(setting.n_threads),
            "--n_batch", "512", "--flash_attn", "true", "--interrupt_requests", "false",
        ]  # fmt: skip

        def body(request: Ask) -> dict[str, Any]:
            return {
                "prompt": request.text, "max_tokens": request.output, "stream": True,
                "temperature": request.temperature, "top_p": 0.95,
            }  # fmt: skip

        async with _http(command, "/v1/completions", body) as running:
            yield running

    return start


@asynccontextmanager
async def _http(
    command: Sequence[str], path: str, body: Callable[[Ask], dict[str, Any]]
) -> AsyncIterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: ASYNC220 - takes milliseconds
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ,
    )

    async def ask(request: Ask) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        payload = json.dumps(body(request)).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(payload)
        try:
            while line := await reader.readline():
                if line.startswith(b"data: {"):
                    yield time.perf_counter()
        finally:
            writer.close()

    try:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                health = b"/v1/models" if path.startswith("/v1") else b"/health"
                writer.write(
                    b"GET " + health + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                )
                status = await reader.readline()
                writer.close()
                if b" 200 " in status:
                    break
            except OSError:
                pass
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            await asyncio.sleep(0.2)
        yield Running(ask, process.pid)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)
