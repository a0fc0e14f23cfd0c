"""The engines that are compared, each in processes of its own, asked over HTTP in the same way."""

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

import msgspec
import psutil

from llmaas.bundle import EngineOptions, WorkerSpec
from llmaas.workers.client import WorkerConnection
from llmaas.workers.protocol import Load
from llmaas.workers.spawning import spawn_worker

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Setting:
    """What every engine gets."""

    weights: Path
    n_ctx: int
    """Tokens of one request at most."""
    n_seq: int
    n_threads: int
    gpu: bool = False


@dataclass(frozen=True)
class Ask:
    """One request."""

    text: str
    output: int
    temperature: float = 0.0


Answer = AsyncIterator[tuple[float, str]]
"""For every piece of the answer: when it came, and its text."""


@dataclass(frozen=True)
class Running:
    """A started engine."""

    ask: Callable[[Ask], Answer]
    pid: int

    def cpu_s(self) -> float:
        """CPU time so far, of all its processes."""
        times = [process.cpu_times() for process in self._processes()]
        return float(sum(each.user + each.system for each in times))

    def rss(self) -> int:
        """Resident bytes, of all its processes."""
        return sum(int(process.memory_info().rss) for process in self._processes())

    def _processes(self) -> list[psutil.Process]:
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]


System = Callable[[Setting], AbstractAsyncContextManager[Running]]


def ours(**engine: Any) -> System:
    """The whole service of this project."""

    @asynccontextmanager
    async def start(setting: Setting) -> AsyncIterator[Running]:
        command = [
            sys.executable, "-m", "benchmarks.service", "--weights", str(setting.weights),
            "--n-ctx", str(setting.n_ctx), "--n-seq", str(setting.n_seq),
            "--threads", str(setting.n_threads), "--gpu-layers", "-1" if setting.gpu else "0",
            "--engine", json.dumps(engine),
        ]  # fmt: skip
        process = subprocess.Popen(  # noqa: ASYNC220 - takes milliseconds
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            facts = json.loads(await asyncio.to_thread(process.stdout.readline))

            def body(request: Ask) -> dict[str, Any]:
                return {
                    "model": facts["model"], "prompt": request.text, "stream": True,
                    "max_tokens": request.output, "temperature": request.temperature,
                    "ignore_eos": True, "top_k": 40, "top_p": 0.95,
                }  # fmt: skip

            port = int(facts["url"].rpartition(":")[2])
            yield Running(_asker(port, "/v1/completions", body, facts["token"]), process.pid)
        finally:
            process.stdin.close()
            await asyncio.to_thread(process.wait, 60)

    return start


def llama_server(binary: Path, *, unified: bool) -> System:
    """The C++ server of llama.cpp, built from the same source."""

    @asynccontextmanager
    async def start(setting: Setting) -> AsyncIterator[Running]:
        cells = setting.n_ctx * setting.n_seq
        command = [
            str(binary), "-m", str(setting.weights), "-c", str(cells), "-np", str(setting.n_seq),
            "-t", str(setting.n_threads), "-tb", str(setting.n_threads), "-b", "2048", "-ub", "512",
            "-fa", "on", "-kvu" if unified else "-no-kvu",
            "-ngl", "99" if setting.gpu else "0",
        ]  # fmt: skip

        def body(request: Ask) -> dict[str, Any]:
            return {
                "prompt": request.text, "n_predict": request.output, "stream": True,
                "temperature": request.temperature, "ignore_eos": True, "cache_prompt": True,
                "top_k": 40, "top_p": 0.95, "min_p": 0.0,
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
            "--n_gpu_layers", "-1" if setting.gpu else "0",
        ]  # fmt: skip

        def body(request: Ask) -> dict[str, Any]:
            return {
                "prompt": request.text, "max_tokens": request.output, "stream": True,
                "temperature": request.temperature, "top_k": 40, "top_p": 0.95,
            }  # fmt: skip

        async with _http(command, "/v1/completions", body) as running:
            yield running

    return start


@asynccontextmanager
async def worker_alone(setting: Setting, **engine: Any) -> AsyncIterator[tuple[int, Any]]:
    """A worker without a gateway: its process id and its connection."""
    near, far = socket.socketpair()
    with far:
        process = spawn_worker("bench", far)
    connection = await WorkerConnection.connect(near)
    spec = WorkerSpec(
        pool="bench", kind="generation", weights=None, mmproj=None,
        n_ctx=setting.n_ctx, n_seq_max=setting.n_seq, n_gpu_layers=-1 if setting.gpu else 0,
        chat_format=None, tool_call_format=None, reasoning=None, pooling=None,
        embedding_dimensions=None, pinned=False, engine=EngineOptions(**engine),
    )  # fmt: skip
    connection.load(Load(spec=spec, weights_path=str(setting.weights), n_threads=setting.n_threads))
    await connection.ready
    try:
        yield process.pid, connection
    finally:
        connection.close()
        await asyncio.to_thread(process.wait, 30)


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
    try:
        health = "/v1/models" if path.startswith("/v1") else "/health"
        while not await _answers(port, health):
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            await asyncio.sleep(0.2)
        yield Running(_asker(port, path, body), process.pid)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


async def _answers(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status = await reader.readline()
        writer.close()
    except OSError:
        return False
    return b" 200 " in status


class _Choice(msgspec.Struct):
    text: str = ""


class _Event(msgspec.Struct):
    """A piece of an answer: of OpenAI's completions, or of llama-server's own endpoint."""

    choices: list[_Choice] = []
    content: str = ""
    error: Any = None


def _asker(
    port: int, path: str, body: Callable[[Ask], dict[str, Any]], token: str = ""
) -> Callable[[Ask], Answer]:
    """How one system is asked; every request has a connection of its own."""
    decode = msgspec.json.Decoder(_Event).decode

    async def ask(request: Ask) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        payload = json.dumps(body(request)).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(payload)}\r\n"
            "Connection: close\r\n\r\n"
        )
        writer.write(head.encode() + payload)
        try:
            status = await reader.readline()
            if b" 200 " not in status:
                raise RuntimeError(f"{path}: {(status + await reader.read()).decode()}")
            while line := await reader.readline():
                if not line.startswith(b"data: {"):
                    continue
                event = decode(line[6:])
                if event.error is not None:
                    raise RuntimeError(f"{path}: {event.error}")
                # What opens or closes a stream has no text, and is no token.
                text = event.choices[0].text if event.choices else event.content
                if text:
                    yield time.perf_counter(), text
        finally:
            writer.close()

    return ask
