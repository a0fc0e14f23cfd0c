"""Memory a worker will need, from the header of its weights, before anything is loaded."""

from pathlib import Path

from llmaas.bundle import WorkerSpec
from llmaas.bundle.tables import CacheType
from llmaas.workers.ggml_header import read_ggml_header
from llmaas.workers.gguf_header import GgufHeader, read_gguf_header
from llmaas.workers.kv_plan import KvPlan, plan_kv, shelf_bytes

PROCESS_BYTES = 64 * 2**20
"""Python, llama.cpp and numpy."""
EMBEDDING_CACHE_BYTES = 256 * 2**20
"""Embeddings of images that are kept, at most; never more than the projector's own weights."""
RECORDINGS_BYTES = 320 * 2**20
"""FFmpeg, ten minutes of samples and what is seen of them, and the recordings that wait."""
_MICRO_BATCH_TOKENS = 512
_CACHE_BYTES: dict[CacheType, float] = {"f16": 2, "bf16": 2, "q8_0": 34 / 32, "q4_0": 18 / 32}
_F16_BYTES = 2
_F32_BYTES = 4


def memory_needed(spec: WorkerSpec, *, weights_path: Path, mmproj_path: Path | None) -> int:
    """Bytes of one worker: weights, KV memory and its shelf, logits and buffers.

    Raises:
        OSError: the weights cannot be read.
        ValueError: they are no file of their kind.
    """
    if spec.kind == "transcription":
        return _transcription_bytes(weights_path)
    weights = weights_path.stat().st_size
    if mmproj_path is not None:
        weights += projector_bytes(mmproj_path)
    header = read_gguf_header(weights_path)
    per_token = kv_bytes_per_token(header, spec.engine.cache_type)
    if spec.kind == "embedding":
        n_ctx = min(spec.n_ctx, header.integer("context_length") or spec.n_ctx)
        buffers = n_ctx * per_token + _compute_bytes(header, n_ctx, n_ctx)
        return weights + buffers + PROCESS_BYTES
    plan = kv_plan(spec, header, weights_bytes=weights_path.stat().st_size)
    logits = plan.n_ids * _F32_BYTES * header.vocabulary_size
    seen = plan.cells if plan.unified else plan.cells // plan.n_ids
    compute = _compute_bytes(header, spec.engine.n_ubatch or _MICRO_BATCH_TOKENS, seen)
    kv = plan.cells * per_token + shelf_bytes(plan, bytes_per_token=per_token)
    return weights + kv + logits + compute + PROCESS_BYTES


def projector_bytes(path: Path) -> int:
    """A projector: weights, what it computes with, and embeddings that are kept.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no GGUF file.
    """
    return path.stat().st_size + embedding_cache_bytes(path) + _vision_bytes(read_gguf_header(path))


def embedding_cache_bytes(path: Path) -> int:
    """Embeddings of images that a worker keeps."""
    return min(EMBEDDING_CACHE_BYTES, path.stat().st_size)


def _transcription_bytes(weights_path: Path) -> int:
    """Weights, what the decoder remembers of sound and text, and whisper.cpp's buffers."""
    header = read_ggml_header(weights_path)
    per_token = 2 * header.n_text_layer * header.n_text_state * _F16_BYTES
    # Five texts at once where the likeliest one goes nowhere.
    remembered = (header.n_audio_ctx + 5 * header.n_text_ctx) * per_token
    encoder = header.n_audio_ctx * (
        header.n_audio_ctx * header.n_audio_head + 9 * header.n_audio_state
    )
    decoder = header.n_text_ctx * (header.n_vocab + 9 * header.n_text_state)
    buffers = (encoder + decoder) * _F32_BYTES
    return weights_path.stat().st_size + remembered + buffers + PROCESS_BYTES + RECORDINGS_BYTES


def kv_plan(spec: WorkerSpec, header: GgufHeader, *, weights_bytes: int) -> KvPlan:
    """The layout of a generating model's KV memory."""
    return plan_kv(
        n_ctx=min(spec.n_ctx, header.integer("context_length") or spec.n_ctx),
        n_seq_max=spec.n_seq_max,
        bytes_per_token=kv_bytes_per_token(header, spec.engine.cache_type),
        weights_bytes=weights_bytes,
        unified=spec.engine.kv_unified,
        cells=spec.engine.kv_cells,
    )


def kv_bytes_per_token(header: GgufHeader, cache_type: CacheType = "f16") -> int:
    """KV memory of one token: over all layers, KV heads × (key + value size) × size of a number.

    Layers with a sliding window or a recurrent state hold less, so this is an upper bound.
    """
    n_layers = header.integer("block_count") or 0
    n_heads = header.per_layer("attention.head_count", n_layers)
    n_kv_heads = header.per_layer("attention.head_count_kv", n_layers) or n_heads
    width = header.integer("embedding_length") or 0
    head_size = width // max(*n_heads, 1)
    key = header.integer("attention.key_length") or head_size
    value = header.integer("attention.value_length") or head_size
    return int(sum(n_kv_heads) * (key + value) * _CACHE_BYTES[cache_type])


def _vision_bytes(header: GgufHeader) -> int:
    """Activations of all patches of an image, as large as the projector's own images are."""

    def value(key: str) -> int:
        return header.integer(f"vision.{key}") or 0

    patches = (value("image_size") // max(value("patch_size"), 1)) ** 2
    widths = 4 * value("embedding_length") + 3 * value("feed_forward_length")
    return patches * widths * _F32_BYTES


def _compute_bytes(header: GgufHeader, n_ubatch: int, cells: int) -> int:
    """Activations of a micro-batch, and its attention mask over the cells one sequence sees."""
    n_embd = header.integer("embedding_length") or 0
    n_ff = max((0, *header.per_layer("feed_forward_length", 1)))
    return n_ubatch * ((4 * n_embd + 3 * n_ff) * _F32_BYTES + cells * _F16_BYTES)


def format_bytes(size: int) -> str:
    """For people: `1.5 GiB`."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"
