"""How workers run models, and on which machines."""

from typing import Annotated

from pydantic import Field

from llmaas.bundle.tables import (
    CacheType,
    ChatFormat,
    Pooling,
    ReasoningMode,
    SplitMode,
    ToolCallFormat,
    WorkerKind,
)
from llmaas.catalog.model.values import (
    Count,
    HubFile,
    HubRepository,
    Key,
    Marker,
    Record,
    Sha256,
    Text,
)


class Machine(Record):
    """A GPU machine."""

    id: Key = Field(description="Host name.")
    gpus: Count = Field(description="Number of GPUs.")
    memory_gib_per_gpu: Count = Field(description="Memory of each GPU, in GiB.")


class Fleet(Record):
    """The machines on which models run."""

    machines: tuple[Machine, ...] = Field(description="The machines.", min_length=1)


class Weights(Record):
    """The GGUF file on the model hub."""

    repository: HubRepository = Field(description="Repository on the model hub.")
    file: HubFile = Field(description="File in the repository.")
    quantisation: Text = Field(description="Quantisation, as in the file name: Q4_K_M.")
    sha256: Sha256 | None = Field(
        default=None, description="SHA-256 sum of the file, where the hub's value is known."
    )
    verified: bool = Field(
        description="Whether the file name was seen in the repository or only follows its pattern."
    )


class Reasoning(Record):
    """The markers between which the model thinks."""

    open: Marker = Field(description="Text that begins the reasoning.")
    close: Marker = Field(description="Text that ends it.")
    mode: ReasoningMode = Field(description="When the model reasons.")


class Engine(Record):
    """How llama.cpp runs the model; what is absent is chosen by the worker."""

    kv_unified: bool | None = Field(
        default=None,
        description="One KV memory for all sequences, or a part of its own for each.",
    )
    kv_cells: Count | None = Field(
        default=None, description="Tokens of a unified KV memory, all sequences together."
    )
    cache_type: CacheType = Field(default="f16", description="Type of keys and values.")
    flash_attention: bool | None = Field(default=None, description="Needed by quantised caches.")
    n_threads: Count | None = Field(
        default=None, description="Threads of the worker; leave a core to the gateway."
    )
    n_ubatch: Count | None = Field(default=None, description="Tokens computed at once.")
    main_gpu: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Device of a model that is not split."
    )
    split_mode: SplitMode = Field(
        default="layer", description="How a model is spread over several GPUs."
    )


class Serving(Record):
    """How a worker runs the model."""

    kind: WorkerKind = Field(description="What the worker does.")
    n_ctx: Count = Field(description="Context served to one sequence, in tokens.")
    n_seq_max: Count = Field(default=4, description="Sequences decoded together.")
    n_gpu_layers: Annotated[int, Field(ge=-1)] = Field(default=-1, description="-1 is all.")
    pinned: bool = Field(default=False, description="Started with the service, never evicted.")
    machines: tuple[Key, ...] = Field(default=(), description="Preferred machines of the fleet.")
    weights: Weights | None = Field(
        default=None, description="Absent where no GGUF file is published."
    )
    mmproj: Weights | None = Field(default=None, description="Projector of a multimodal model.")
    chat_format: ChatFormat | None = Field(
        default=None, description="How a conversation is written as a prompt."
    )
    tool_call_format: ToolCallFormat | None = Field(
        default=None, description="How the model writes a tool call."
    )
    reasoning: Reasoning | None = Field(
        default=None, description="Absent where reasoning has no markers."
    )
    pooling: Pooling | None = Field(
        default=None, description="How an embedding model makes one vector from many."
    )
    embedding_dimensions: Count | None = Field(default=None, description="Length of the vectors.")
    engine: Engine | None = Field(default=None, description="Settings of llama.cpp.")
