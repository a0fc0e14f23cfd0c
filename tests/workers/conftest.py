"""Tiny GGUF files with a byte-level vocabulary, so that every test knows what a model will say.

`recital`: a model without attention whose next token depends on the last one alone: it recites a
text. `random`: random attention weights, so that every token depends on all before it.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from llmaas.bundle import EngineOptions, WorkerSpec
from llmaas.workers import Delta, Finished, Generate, Sampling, ServedModel, Supervision, Workers
from llmaas.workers.client import WorkerConnection
from llmaas.workers.memory import memory_needed
from llmaas.workers.protocol import Load, TokenLogprob

N_EMBD = 64
N_CTX_TRAIN = 512

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'villain' %}{{ raise_exception('no villains') }}{% endif %}"
    "{{ message['content'] }}{% endfor %}"
    "{% if enable_thinking is defined and enable_thinking %}{{ '<think>\n' }}{% endif %}"
)

END, THINK, END_THINK = "<|end|>", "<think>", "</think>"


def byte_characters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in byte order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [
        chr(byte) if byte in printable else chr(256 + others.index(byte)) for byte in range(256)
    ]


TOKENS = [*byte_characters(), END, THINK, END_THINK]
TOKEN_END, TOKEN_THINK, TOKEN_END_THINK = 256, 257, 258


def write_random(path: Path, *, seed: int = 0, **shape: Any) -> Path:
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    embeddings = matrix(len(TOKENS), N_EMBD) * np.sqrt(N_EMBD)
    output = matrix(len(TOKENS), N_EMBD) * 4
    output[256:] = 0  # never ends by itself
    return _write(path, embeddings, output, matrix=matrix, **shape)


def write_recital(path: Path, tokens: list[int], *, seed: int = 0) -> Path:
    """After `tokens[i]` comes `tokens[i + 1]`; each is used once, and the last one repeats."""
    assert len(set(tokens)) == len(tokens), "the next token is known from the last one alone"
    rng = np.random.default_rng(seed)
    embeddings = rng.standard_normal((len(TOKENS), N_EMBD)).astype(np.float32)
    output = np.zeros_like(embeddings)
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        output[following] += embeddings[token]

    def zeros(rows: int, columns: int) -> np.ndarray:
        return np.zeros((rows, columns), np.float32)

    return _write(path, embeddings, output, matrix=zeros)


def _write(
    path: Path,
    embeddings: np.ndarray,
    output: np.ndarray,
    *,
    matrix: Any,
    n_ctx: int = N_CTX_TRAIN,
    mrope: bool = False,
) -> Path:
    writer = gguf.GGUFWriter(path, "qwen2vl" if mrope else "llama")
    if mrope:
        writer.add_rope_dimension_sections([2, 3, 3, 0])
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(N_EMBD)
    writer.add_block_count(2)
    writer.add_feed_forward_length(128)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(16)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([1] * 256 + [3, 4, 4])  # 1 normal, 3 control, 4 user-defined
    writer.add_token_merges(["Ġ Ġ"])
    writer.add_eos_token_id(TOKEN_END)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    writer.add_tensor("token_embd.weight", embeddings.astype(np.float32))
    for layer in range(2):
        name = f"blk.{layer}."
        writer.add_tensor(name + "attn_norm.weight", np.ones(N_EMBD, np.float32))
        writer.add_tensor(name + "attn_q.weight", matrix(N_EMBD, N_EMBD))
        writer.add_tensor(name + "attn_k.weight", matrix(32, N_EMBD))
        writer.add_tensor(name + "attn_v.weight", matrix(32, N_EMBD))
        writer.add_tensor(name + "attn_output.weight", matrix(N_EMBD, N_EMBD))
        writer.add_tensor(name + "ffn_norm.weight", np.ones(N_EMBD, np.float32))
        writer.add_tensor(name + "ffn_gate.weight", matrix(128, N_EMBD))
        writer.add_tensor(name + "ffn_up.weight", matrix(128, N_EMBD))
        writer.add_tensor(name + "ffn_down.weight", matrix(N_EMBD, 128))
    writer.add_tensor("output_norm.weight", np.ones(N_EMBD, np.float32))
    writer.add_tensor("output.weight", output.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


class TinyWeights:
    """Makes weights on demand, once per text."""

    end, think, end_think = TOKEN_END, TOKEN_THINK, TOKEN_END_THINK
    n_embd = N_EMBD

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._recitals: dict[tuple[int, ...], Path] = {}
        self.random = write_random(directory / "random.gguf")

    def recital(self, text: str | list[int]) -> Path:
        """Weights that recite `text` from any of its tokens on; each byte may occur once."""
        tokens = [*text.encode(), self.end] if isinstance(text, str) else text
        path = self._recitals.get(tuple(tokens))
        if path is None:
            path = self._directory / f"recital-{len(self._recitals)}.gguf"
            self._recitals[tuple(tokens)] = write_recital(path, tokens)
        return path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyWeights:
    return TinyWeights(tmp_path_factory.mktemp("weights"))


def make_spec(**changes: Any) -> WorkerSpec:
    values = {
        "pool": "tiny",
        "kind": "generation",
        "weights": None,
        "mmproj": None,
        "n_ctx": 256,
        "n_seq_max": 4,
        "n_gpu_layers": 0,
        "chat_format": None,
        "tool_call_format": None,
        "reasoning": None,
        "pooling": None,
        "embedding_dimensions": None,
        "pinned": False,
    }
    if "engine" in changes:
        changes["engine"] = EngineOptions(**changes["engine"])
    return WorkerSpec(**(values | changes))


@pytest.fixture
def spec() -> Callable[..., WorkerSpec]:
    return make_spec


@pytest.fixture
def worker() -> Callable[..., AbstractAsyncContextManager[WorkerConnection]]:
    """`async with worker(path, **spec) as connection`: a process of its own, loaded."""
    return running_worker


@asynccontextmanager
async def running_worker(
    path: Path, *, mmproj: Path | None = None, **changes: Any
) -> AsyncIterator[WorkerConnection]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: ASYNC220 - takes milliseconds
            [sys.executable, "-m", "llmaas.workers", "--fd", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
        )
    connection = await WorkerConnection.connect(ours)
    try:
        connection.load(
            Load(
                spec=make_spec(**changes),
                weights_path=str(path),
                mmproj_path=None if mmproj is None else str(mmproj),
                n_threads=1,
            )
        )
        await connection.ready
        yield connection
    finally:
        connection.close()
        await asyncio.to_thread(process.wait, 10)


@pytest.fixture
def workers() -> Callable[..., AbstractAsyncContextManager[Workers]]:
    """`async with workers({pool: path}) as workers`: started, and stopped at the end."""
    return running_workers


@asynccontextmanager
async def running_workers(
    paths: dict[str, Path],
    *,
    pinned: tuple[str, ...] = (),
    budget: int = 2**40,
    room_for: int | None = None,
    supervision: Supervision | None = None,
) -> AsyncIterator[Workers]:
    deployment = {
        pool: ServedModel(make_spec(pool=pool, pinned=pool in pinned), path, None, stand_in=True)
        for pool, path in paths.items()
    }
    if room_for is not None:  # and a bit, for what a process measures to be more than estimated
        spec, path = make_spec(), next(iter(paths.values()))
        needed = memory_needed(spec, weights_path=path, mmproj_path=None)
        budget = needed * room_for + needed // 4
    workers = Workers(
        deployment,
        memory_budget_bytes=budget,
        machine_name="here",
        n_threads=1,
        supervision=supervision,
    )
    await workers.start()
    try:
        yield workers
    finally:
        await workers.stop()


class Answer:
    """A whole generation."""

    def __init__(self) -> None:
        self.deltas: list[Delta] = []
        self.finished: Finished | None = None

    @property
    def content(self) -> str:
        return "".join(delta.content for delta in self.deltas)

    @property
    def logprobs(self) -> list[TokenLogprob]:
        return [logprob for delta in self.deltas for logprob in delta.logprobs]

    @property
    def reasoning(self) -> str:
        return "".join(delta.reasoning for delta in self.deltas)


@pytest.fixture
def answer() -> Callable[..., Any]:
    """`await answer(connection_or_lease, prompt="…")`: greedy unless told otherwise."""

    async def read(source: Any, *, temperature: float = 0, **request: Any) -> Answer:
        request.setdefault("sampling", Sampling(temperature=temperature))
        whole = Answer()
        async for message in source.generate(Generate(0, **request)):
            if isinstance(message, Delta):
                whole.deltas.append(message)
            elif isinstance(message, Finished):
                whole.finished = message
        return whole

    return read


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Run coroutines on uvloop, as the gateway does, or on the loop an indirect parameter names."""
    name = getattr(request, "param", "uvloop")
    if name == "uvloop":
        loops = pytest.importorskip("uvloop", reason="not on this platform")
    else:
        loops = asyncio
    with asyncio.Runner(loop_factory=loops.new_event_loop) as runner:
        yield runner.run
