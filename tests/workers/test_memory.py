import subprocess
import sys

import msgspec
import pytest
from tests.workers.vision_weights import write_llava

from llmaas.workers.gguf_header import GgufHeader, read_gguf_header
from llmaas.workers.kv_plan import shelf_bytes
from llmaas.workers.memory import (
    PROCESS_BYTES,
    format_bytes,
    kv_bytes_per_token,
    kv_plan,
    memory_needed,
)


def header(**values):
    values = {f"qwen3.{key.replace('__', '.')}": value for key, value in values.items()}
    return GgufHeader({"general.architecture": "qwen3"} | values, {})


def test_kv_memory_follows_heads_and_key_sizes():
    """A Qwen3-0.6B shape: 28 layers × 8 heads × (128 + 128) × 2 bytes, 112 KiB per token."""
    shape = header(
        block_count=28,
        embedding_length=1024,
        attention__head_count=16,
        attention__head_count_kv=8,
        attention__key_length=128,
        attention__value_length=128,
    )
    assert kv_bytes_per_token(shape) == 112 * 1024


def test_layers_without_attention_take_no_kv_memory():
    shape = header(
        block_count=4,
        embedding_length=64,
        attention__head_count=4,
        attention__head_count_kv=[0, 0, 0, 2],
    )
    assert kv_bytes_per_token(shape) == 2 * (16 + 16) * 2


def test_the_header_of_real_weights_is_read_past_the_vocabulary(tiny):
    read = read_gguf_header(tiny.random)
    assert read.architecture == "llama"
    assert read.integer("block_count") == 2
    assert read.vocabulary_size == 259
    assert "messages" in read.values["tokenizer.chat_template"]


def test_every_sequences_whole_context_is_counted_and_once_more_for_the_shelf(tiny, spec):
    def needed(**changes):
        return memory_needed(spec(n_ctx=512, **changes), weights_path=tiny.random, mmproj_path=None)

    kv = 512 * 2 * 2 * (16 + 16) * 2  # context × layers × KV heads × sizes × f16
    logits = 259 * 4
    assert needed(n_seq_max=5) - needed(n_seq_max=4) == 2 * kv + logits


def test_a_projector_counts_with_its_file_and_what_it_computes_with(tiny, spec, tmp_path):
    projector = write_llava(tmp_path / "llava.gguf")
    without = memory_needed(spec(), weights_path=tiny.random, mmproj_path=None)
    with_it = memory_needed(spec(), weights_path=tiny.random, mmproj_path=projector)
    size = projector.stat().st_size
    assert size < with_it - without < 3 * size


REPORT = """
import re, sys
from pathlib import Path
import llama_cpp.llama_cpp as llama
import msgspec
from llmaas.bundle import WorkerSpec
from llmaas.workers import model
from llmaas.workers.gguf_header import read_gguf_header
from llmaas.workers.memory import kv_plan

lines = []
model.log_callback = llama.llama_log_callback(lambda level, text, data: lines.append(text))
path, spec = Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=WorkerSpec)
plan = kv_plan(spec, read_gguf_header(path), weights_bytes=path.stat().st_size)
loaded = model.Model(path, n_gpu_layers=0)
model.generation_context(
    loaded, plan, n_ctx=spec.n_ctx, n_seq_max=spec.n_seq_max, n_threads=1, options=spec.engine
)
sizes = re.findall(rb"buffer size = +([0-9.]+) MiB", b"".join(lines))
print(sum(map(float, sizes)) * 2**20)
"""


@pytest.mark.parametrize(
    "engine",
    [{"kv_unified": False}, {"kv_unified": True}, {"kv_unified": True, "kv_cells": 40_960}],
    ids=["split", "unified", "sized"],
)
def test_what_is_computed_before_loading_is_what_llama_cpp_reports(tiny, spec, engine):
    """Within ten per cent."""
    served = spec(n_ctx=512, n_seq_max=64, engine=engine)
    spoken = msgspec.json.encode(served).decode()
    arguments = [sys.executable, "-c", REPORT, str(tiny.random), spoken]
    result = subprocess.run(arguments, capture_output=True, text=True, check=True)
    header = read_gguf_header(tiny.random)
    plan = kv_plan(served, header, weights_bytes=tiny.random.stat().st_size)
    shelf = shelf_bytes(plan, bytes_per_token=kv_bytes_per_token(header))
    needed = memory_needed(served, weights_path=tiny.random, mmproj_path=None)
    computed = needed - shelf - PROCESS_BYTES
    assert computed == pytest.approx(float(result.stdout), rel=0.1)


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"not a model at all", b"GGUF\x03\0\0\0" + b"\xff" * 40]
)
def test_what_is_no_gguf_file_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.gguf"):
        read_gguf_header(path)


def test_sizes_are_written_for_people():
    assert [format_bytes(n) for n in (5 * 2**20, 1536 * 2**20)] == ["5 MiB", "1.5 GiB"]
