"""The tables of a bundle: what the generators decide and the platform obeys.

Every table is frozen data. Dates stay dates: a phase is computed when it is asked for
(`llmaas.bundle.lifecycle`), so a bundle does not go stale at midnight. Money is `Decimal`, in
euros.
"""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from llmaas.bundle.security import SecurityException, SecurityRule

SCHEMA_VERSION = 1
"""Raised when a reader of the previous version would misunderstand a table."""

Endpoint = Literal["chat.completions", "completions", "embeddings", "audio.transcriptions"]
Capability = Literal["tools", "vision", "reasoning", "security", "embedding", "audio", "ocr"]
Modality = Literal["text", "image", "audio", "embedding"]
Stability = Literal["stable", "experimental"]
WorkerKind = Literal["generation", "embedding", "transcription"]
Pooling = Literal["none", "mean", "cls", "last", "rank"]
ChatFormat = Literal[
    "chatml",
    "deepseek",
    "gemma",
    "granite",
    "granite_guardian",
    "llama3",
    "mistral",
    "phi4",
    "plain",
]
ToolCallFormat = Literal[
    "hermes",
    "qwen3_coder",
    "llama3_json",
    "mistral",
    "mistral_args",
    "granite",
    "deepseek",
    "generic_json",
]
ReasoningMode = Literal["always", "on_by_default", "off_by_default"]
CacheType = Literal["f16", "bf16", "q8_0", "q4_0"]
SplitMode = Literal["none", "layer", "row"]
PriceId = Literal["input", "output", "reasoning_output", "audio"]
PriceUnit = Literal["million_tokens", "started_minute"]
PriceRounding = Literal["exact", "up"]
TierKind = Literal["prepaid", "contract"]
VerdictAction = Literal["allow", "flag", "block"]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every row and table: immutable, and strict when read."""


class Service(Table, frozen=True):
    """Who serves: the facts that answers, headers and start-up lines need."""

    name: str
    operator: str
    base_url: str
    time_zone: str
    """IANA name; calendar months and lifecycle days begin at midnight there."""
    languages: tuple[str, ...]
    """ISO 639-1 codes; the first is the default."""
    owned_by: str
    """`owned_by` of every model object (OpenAI's field)."""
    removal_notice_months: int
    audit_retention_days: int | None = None
    """Days a record of the audit trail is kept; `None` is for ever."""


class Route(Table, frozen=True):
    """One model id: how it is called and which worker pool answers."""

    model: str
    aliases: tuple[str, ...]
    display_name: str
    publisher: str
    endpoints: tuple[Endpoint, ...]
    capabilities: tuple[Capability, ...]
    input_modalities: tuple[Modality, ...]
    output_modalities: tuple[Modality, ...]
    context_tokens: int | None
    """Published context window; what a deployment serves may be less (`WorkerSpec.n_ctx`)."""
    root: str
    """Upstream name of the model (`root` of the model object)."""
    pool: str
    kwh_per_mtok: Decimal | None = None
    """Measured energy per million output tokens."""


class LifecycleEntry(Table, frozen=True):
    """The dates of one model; its phase is `llmaas.bundle.lifecycle.phase_at`."""

    model: str
    stability: Stability
    released_on: date
    support_ends_on: date | None
    deprecated_on: date | None
    removed_on: date | None
    successor: str | None


class PriceStep(Table, frozen=True):
    """An amount in euros, billed from midnight of `effective_on` in the service's time zone."""

    effective_on: date
    eur: Decimal


class Price(Table, frozen=True):
    """A billing unit and its amounts, oldest first."""

    id: PriceId
    unit: PriceUnit
    steps: tuple[PriceStep, ...]
    rounding: PriceRounding = "exact"
    """`up`: every started unit of a request is due in full."""


class TierPolicy(Table, frozen=True):
    """What a customer on this tier pays up front and may use; `None` is without limit."""

    id: str
    kind: TierKind
    upfront_credit_eur: Decimal | None
    monthly_cap_eur: Decimal | None
    output_tokens_per_hour: int | None
    output_tokens_per_day: int | None


class GuardianPolicy(Table, frozen=True):
    """A model that is asked about prompts as well."""

    model: str
    ask: Literal["in_line", "afterwards"]
    risk: str
    action: Literal["flag", "block"]
    timeout_s: int
    max_concurrent: int
    on_error: Literal["allow", "block"]


class SecurityPolicy(Table, frozen=True):
    """How the three checks of the prompt-security layer decide."""

    enabled: bool
    checks: tuple[str, ...]
    flag_score: Decimal
    block_score: Decimal
    repetition_limit: int
    """Consecutive identical prompts of one key that count as a repetition."""
    repetition_window_s: int
    repetition_action: VerdictAction
    fragment_action: VerdictAction = "block"
    """For an attack whose pieces come in several prompts."""
    learned_signal: bool = True
    """Whether the linear model is heard beside the rules."""
    on_error: Literal["allow", "block"] = "allow"
    """What happens to a request when the layer itself fails."""
    guardian: GuardianPolicy | None = None
    canary_action: VerdictAction = "allow"
    """For an answer with the marker that was put into the system message."""
    system_prompt_action: VerdictAction = "allow"
    """For an answer that repeats much of the system message."""
    rules: tuple[SecurityRule, ...] = ()
    exceptions: tuple[SecurityException, ...] = ()


class WeightsFile(Table, frozen=True):
    """A file on the model hub. `sha256` is `None` where the hub's value is not recorded."""

    repository: str
    file: str
    quantisation: str
    sha256: str | None


class ReasoningFormat(Table, frozen=True):
    """The markers between which a model thinks, and when it does."""

    open: str
    close: str
    mode: ReasoningMode


class EngineOptions(Table, frozen=True, kw_only=True):
    """How llama.cpp runs a model; every default leaves the choice to the worker."""

    kv_unified: bool | None = None
    """One KV memory for all sequences (`true`), or a part of its own for each (`false`)."""
    kv_cells: int | None = None
    """Tokens of a unified KV memory, all sequences together."""
    cache_type: CacheType = "f16"
    """Of keys and values; the quantised ones need flash attention."""
    flash_attention: bool | None = None
    n_threads: int | None = None
    """Never all cores: llama.cpp's threads spin, and one competitor makes them 4–5 times slower."""
    n_ubatch: int | None = None
    """Tokens computed at once."""
    main_gpu: int = 0
    split_mode: SplitMode = "layer"
    """Of a model on several GPUs."""


class WorkerSpec(Table, frozen=True):
    """All a worker needs to load one model: one row per pool, named like the model it serves."""

    pool: str
    kind: WorkerKind
    weights: WeightsFile | None
    mmproj: WeightsFile | None
    n_ctx: int
    """Context served to one sequence, in tokens."""
    n_seq_max: int
    """Sequences decoded together."""
    n_gpu_layers: int
    """-1 is all."""
    chat_format: ChatFormat | None
    tool_call_format: ToolCallFormat | None
    reasoning: ReasoningFormat | None
    pooling: Pooling | None
    embedding_dimensions: int | None
    pinned: bool
    """Started with the service and never evicted."""
    engine: EngineOptions = EngineOptions()


class Machine(Table, frozen=True):
    """A host of the fleet."""

    id: str
    gpus: int
    memory_gib_per_gpu: int


class Placement(Table, frozen=True):
    """The machines on which a pool should run, preferred first; empty means any."""

    pool: str
    machines: tuple[str, ...]


class PlacementTable(Table, frozen=True):
    """The fleet, and what should run where."""

    machines: tuple[Machine, ...]
    placements: tuple[Placement, ...]


class Bundle(Table, frozen=True):
    """Everything the platform needs to serve one version of a catalogue.

    `llmaas.bundle.directory` reads and verifies it from files; each field is one of them.
    """

    service: Service
    routing: tuple[Route, ...]
    lifecycle: tuple[LifecycleEntry, ...]
    prices: tuple[Price, ...]
    tiers: tuple[TierPolicy, ...]
    security: SecurityPolicy
    workers: tuple[WorkerSpec, ...]
    placement: PlacementTable


class ManifestFile(Table, frozen=True):
    """A file that the manifest vouches for."""

    path: str
    sha256: str


class Manifest(Table, frozen=True):
    """Vouches for a bundle directory; written last."""

    schema_version: int
    catalogue_sha256: str
    files: tuple[ManifestFile, ...]
