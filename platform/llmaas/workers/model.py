"""llama.cpp's model, context and batch: where its C objects are made, described and freed."""

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from llmaas.bundle.tables import CacheType, EngineOptions, Pooling, SplitMode
from llmaas.workers.kv_plan import KvPlan

if TYPE_CHECKING:
    from llmaas.workers.image_batch import ImageBatch

PROMPT_TOKENS_PER_STEP = 2048
"""At most; how many it is depends on how fast they are."""
MICRO_BATCH_TOKENS = 512

_POOLING: dict[Pooling | None, int] = {
    None: llama.LLAMA_POOLING_TYPE_UNSPECIFIED,
    "none": llama.LLAMA_POOLING_TYPE_NONE,
    "mean": llama.LLAMA_POOLING_TYPE_MEAN,
    "cls": llama.LLAMA_POOLING_TYPE_CLS,
    "last": llama.LLAMA_POOLING_TYPE_LAST,
    "rank": llama.LLAMA_POOLING_TYPE_RANK,
}
_CACHE_TYPES: dict[CacheType, int] = {
    "f16": llama.GGML_TYPE_F16,
    "bf16": 30,  # GGML_TYPE_BF16, which the binding does not name
    "q8_0": llama.GGML_TYPE_Q8_0,
    "q4_0": llama.GGML_TYPE_Q4_0,
}
_SPLIT_MODES: dict[SplitMode, int] = {
    "none": llama.LLAMA_SPLIT_MODE_NONE,
    "layer": llama.LLAMA_SPLIT_MODE_LAYER,
    "row": llama.LLAMA_SPLIT_MODE_ROW,
}
_FLASH_ATTENTION: dict[bool | None, int] = {
    None: llama.LLAMA_FLASH_ATTN_TYPE_AUTO,
    False: llama.LLAMA_FLASH_ATTN_TYPE_DISABLED,
    True: llama.LLAMA_FLASH_ATTN_TYPE_ENABLED,
}
_LOG_LEVEL_ERROR = 4  # enum ggml_log_level; the binding's own table is of an older order

State = NDArray[np.uint8]
"""What a context knows of one sequence, outside of it."""

_errors: list[str] = []


def _log(level: int, text: bytes, _user_data: object) -> None:
    if level == _LOG_LEVEL_ERROR:
        line = text.decode("utf-8", "replace")
        sys.stderr.write(line)
        _errors.append(line.strip())
        del _errors[:-5]


# Module-global on purpose: llama.cpp keeps the pointer, and a collected callback is a segfault.
log_callback = llama.llama_log_callback(_log)


class ModelError(Exception):
    """llama.cpp refuses the weights or the context; the message carries its own last words."""


def expect_errors() -> None:
    """Forget what llama.cpp said before."""
    _errors.clear()


def refusal(what: str) -> ModelError:
    """What could not be done, with llama.cpp's reason."""
    reason = "; ".join(_errors) or "llama.cpp gave no reason"
    return ModelError(f"{what}: {reason}")


class Model:
    """Loaded weights and their vocabulary."""

    def __init__(
        self, path: Path, *, n_gpu_layers: int, options: EngineOptions | None = None
    ) -> None:
        options = options or EngineOptions()
        llama.llama_log_set(log_callback, None)
        llama.llama_backend_init()
        params = llama.llama_model_default_params()
        params.n_gpu_layers = n_gpu_layers
        params.main_gpu = options.main_gpu
        params.split_mode = _SPLIT_MODES[options.split_mode]
        if not path.is_file():
            raise ModelError(f"{path}: no such file")
        expect_errors()
        self.handle: Any = llama.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise refusal(f"{path} cannot be loaded")
        self.path = path
        self.on_gpu = n_gpu_layers != 0 and bool(llama.llama_supports_gpu_offload())
        self.vocab: Any = llama.llama_model_get_vocab(self.handle)
        self.n_vocab: int = llama.llama_vocab_n_tokens(self.vocab)
        self.n_ctx_train: int = llama.llama_model_n_ctx_train(self.handle)
        self.n_embd: int = llama.llama_model_n_embd_out(self.handle)
        self.recurrent = bool(
            llama.llama_model_is_recurrent(self.handle) or llama.llama_model_is_hybrid(self.handle)
        )
        """Its state cannot be cut back to an earlier token."""
        self.n_swa: int = llama.llama_model_n_swa(self.handle)
        """Width of its sliding window; 0 without."""

    @property
    def chat_template(self) -> str | None:
        """Source of the default template in the metadata."""
        template: bytes | None = llama.llama_model_chat_template(self.handle, None)
        return None if template is None else template.decode("utf-8", "replace")


@dataclass(frozen=True)
class Shape:
    """Sizes of a context."""

    n_ctx: int
    """Tokens one sequence may have."""
    n_seq_max: int
    """Sequences that run together."""
    n_batch: int
    n_ids: int
    """Sequence ids: those of running sequences, and of idle ones that keep their tokens."""
    n_ubatch: int
    """Tokens that are computed at once."""
    cells: int
    """Tokens the KV memory holds, of all sequences together."""
    unified: bool


class Context:
    """KV memory and compute buffers; used by one thread only."""

    def __init__(self, model: Model, shape: Shape, params: Any) -> None:
        expect_errors()
        self.handle: Any = llama.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise refusal(
                f"no context of {shape.n_seq_max} sequences × {shape.n_ctx} tokens "
                f"for {model.path.name}"
            )
        self.shape = shape
        self.recurrent = model.recurrent
        self._memory: Any = llama.llama_get_memory(self.handle)
        self._uncopied: set[int] = set()
        """Sequences of copies that a split memory puts off until the next step."""

    def decode(self, batch: "Batch | ImageBatch") -> int:
        """Run one step; 0 is success (llama.h says what the others mean). Releases the GIL."""
        self._uncopied.clear()
        if not batch.causal:
            llama.llama_set_causal_attn(self.handle, False)
        code: int = llama.llama_decode(self.handle, batch.struct())
        if not batch.causal:
            llama.llama_set_causal_attn(self.handle, True)
        return code

    def synchronize(self) -> None:
        """Wait until the last step is computed."""
        llama.llama_synchronize(self.handle)

    def trim(self, seq_id: int, length: int) -> bool:
        """Keep the first `length` positions of a sequence; `False` where its memory cannot."""
        if not self._memory:
            return length == 0
        return bool(llama.llama_memory_seq_rm(self._memory, seq_id, length or -1, -1))

    def copy(self, source: int, target: int, length: int) -> bool:
        """Let `target`, which is empty, begin with the first `length` positions of `source`.

        A unified memory shares the cells. A split one copies all of a sequence, and what is too
        much is cut off again.
        """
        if self.recurrent or not self.shape.unified:
            self._uncopied |= {source, target}
            llama.llama_memory_seq_cp(self._memory, source, target, -1, -1)
            return self.recurrent or self.trim(target, length)
        llama.llama_memory_seq_cp(self._memory, source, target, 0, length)
        return True

    def save(self, seq_id: int) -> State | None:
        """A copy of what a sequence has in the memory; `None` where that is not there yet."""
        if seq_id in self._uncopied:
            return None
        state = np.empty(llama.llama_state_seq_get_size(self.handle, seq_id), np.uint8)
        llama.llama_state_seq_get_data(self.handle, _bytes(state), state.nbytes, seq_id)
        return state

    def restore(self, seq_id: int, state: State) -> bool:
        """Give it back to an empty sequence, under any id; `False` where there is no room now."""
        return seq_id not in self._uncopied and bool(
            llama.llama_state_seq_set_data(self.handle, _bytes(state), state.nbytes, seq_id)
        )

    def holds_from(self, seq_id: int) -> int:
        """First position a sequence still has: later than 0 where a window has slid."""
        first: int = llama.llama_memory_seq_pos_min(self._memory, seq_id)
        return first

    def clear(self) -> None:
        """Forget all sequences."""
        if self._memory:
            # What they held stays in the buffers, which may be gigabytes; nothing reads it.
            llama.llama_memory_clear(self._memory, False)

    def close(self) -> None:
        """Free memory and buffers."""
        llama.llama_free(self.handle)


def _bytes(state: State) -> Any:
    return state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


def generation_context(
    model: Model,
    plan: KvPlan,
    *,
    n_ctx: int,
    n_seq_max: int,
    n_threads: int,
    options: EngineOptions | None = None,
    at_once: int = 0,
) -> Context:
    """A context in the planned memory for `n_seq_max` running sequences of up to `n_ctx`.

    Args:
        model: loaded weights.
        plan: of the memory.
        n_ctx: tokens one sequence may have.
        n_seq_max: sequences that run together.
        n_threads: for computing.
        options: of the catalogue.
        at_once: cells of an image that see each other and have to be computed together.
    """
    options = options or EngineOptions()
    n_ctx = min(n_ctx, model.n_ctx_train or n_ctx)
    n_batch = PROMPT_TOKENS_PER_STEP + n_seq_max
    shape = Shape(
        n_ctx=n_ctx,
        n_seq_max=n_seq_max,
        n_batch=n_batch,
        n_ubatch=min(max(options.n_ubatch or MICRO_BATCH_TOKENS, at_once), n_batch),
        n_ids=plan.n_ids,
        cells=plan.cells,
        unified=plan.unified,
    )
    params = llama.llama_context_default_params()
    params.n_ctx = plan.cells
    params.n_seq_max = plan.n_ids
    params.n_batch = shape.n_batch
    params.n_ubatch = shape.n_ubatch
    # One row of logits per sequence and step. The default reserves one per batch token:
    # 300 MiB more at a vocabulary of 152,000.
    params.n_outputs_max = plan.n_ids
    params.n_threads = params.n_threads_batch = n_threads
    params.flash_attn_type = _FLASH_ATTENTION[options.flash_attention]
    params.type_k = params.type_v = _CACHE_TYPES[options.cache_type]
    params.kv_unified = plan.unified
    # Sliding-window layers keep the window only; a prefix before it is computed again.
    params.swa_full = False
    params.no_perf = True
    return Context(model, shape, params)


def embedding_context(
    model: Model, *, n_ctx: int, n_seq_max: int, n_threads: int, pooling: Pooling | None
) -> Context:
    """A context that pools one vector per sequence; one batch holds `n_ctx` tokens of all inputs.

    Encoders, and poolings that see more than the last token, need a sequence in one micro-batch.
    """
    n_ctx = min(n_ctx, model.n_ctx_train or n_ctx)
    # llama.cpp reserves its pooling graph for equal sequences and aborts where they do not divide.
    n_batch = -(-n_ctx // n_seq_max) * n_seq_max
    n_ubatch = n_batch
    if pooling == "last":
        n_ubatch = min(n_batch, max(1, 512 // n_seq_max) * n_seq_max)
    shape = Shape(
        n_ctx=n_ctx,
        n_seq_max=n_seq_max,
        n_batch=n_batch,
        n_ubatch=n_ubatch,
        n_ids=n_seq_max,
        cells=n_batch,
        unified=True,
    )
    params = llama.llama_context_default_params()
    params.n_ctx = params.n_batch = n_batch
    params.n_seq_max = n_seq_max
    params.n_ubatch = shape.n_ubatch
    params.n_threads = params.n_threads_batch = n_threads
    params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_AUTO
    params.kv_unified = True
    params.embeddings = True
    params.pooling_type = _POOLING[pooling]
    params.no_perf = True
    context = Context(model, shape, params)
    pooled = llama.llama_pooling_type(context.handle)
    if pooled in {llama.LLAMA_POOLING_TYPE_NONE, llama.LLAMA_POOLING_TYPE_RANK}:
        context.close()
        raise ModelError(
            f"{model.path.name}: its pooling gives no vector per input; "
            f"set `pooling` of the model to mean, cls or last"
        )
    return context


class Batch:
    """Tokens of one step, in numpy arrays that llama.cpp reads in place."""

    causal = True
    """A token sees only those before it."""

    def __init__(self, shape: Shape) -> None:
        size = shape.n_batch
        self._tokens = np.zeros(size, np.int32)
        self._positions = np.zeros(size, np.int32)
        self._counting = np.arange(shape.cells, dtype=np.int32)
        self._counts = np.ones(size, np.int32)
        self._outputs = np.zeros(size, np.int8)
        self._ids = np.arange(shape.n_ids, dtype=np.int32)
        self._first_id: int = self._ids.ctypes.data
        self._id_pointers = np.zeros(size, np.uint64)
        self._size = 0
        self._struct: Any = llama.llama_batch()
        kinds = dict(llama.llama_batch._fields_)
        for name, array in (
            ("token", self._tokens),
            ("pos", self._positions),
            ("n_seq_id", self._counts),
            ("seq_id", self._id_pointers),
            ("logits", self._outputs),
        ):
            setattr(self._struct, name, array.ctypes.data_as(kinds[name]))

    def __len__(self) -> int:
        return self._size

    def clear(self) -> None:
        """Begin a new step."""
        self._size = 0

    def add(
        self,
        seq_id: int,
        tokens: np.ndarray[Any, np.dtype[np.int32]],
        position: int,
        *,
        output: bool,
    ) -> int:
        """Append consecutive tokens of one sequence; returns the index of the last one."""
        start, end = self._size, self._size + len(tokens)
        self._tokens[start:end] = tokens
        self._positions[start:end] = self._counting[position : position + len(tokens)]
        self._id_pointers[start:end] = self._first_id + 4 * seq_id
        self._outputs[start:end] = 0
        self._outputs[end - 1] = output
        self._size = end
        return end - 1

    def all_outputs(self) -> None:
        """Ask for every token's output, as pooling wants."""
        self._outputs[: self._size] = 1

    def struct(self) -> Any:
        """llama.cpp's view of the arrays."""
        self._struct.n_tokens = self._size
        return self._struct
