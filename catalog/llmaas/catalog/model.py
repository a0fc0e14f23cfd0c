"""The authored catalogue: the shape of `models_config.yaml`.

These classes are the schema. Their descriptions become the hover texts and completions of an
editor (`catalog/models_config.schema.json`) and the YAML reference of the documentation.
They check one value at a time; what relates values is in `llmaas.catalog.rules`.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from llmaas.bundle.tables import (
    CacheType,
    Capability,
    ChatFormat,
    Endpoint,
    Modality,
    Pooling,
    PriceUnit,
    ReasoningMode,
    SplitMode,
    Stability,
    TierKind,
    ToolCallFormat,
    VerdictAction,
    WorkerKind,
)
from llmaas.catalog.security_rules import PatternRule

EARLIEST_YEAR, LATEST_YEAR = 2000, 2099
"""Other years are slips of the finger, and would overflow when months are added."""


def _iso_date(value: Any) -> Any:
    """Accept `2025-06-13` and nothing looser; anything else is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(f"`{value[:40]}` has another form")
    day = date.fromisoformat(value)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"the year {day.year} is out of {EARLIEST_YEAR}-{LATEST_YEAR}")
    return day


def _decimal(value: Any) -> Any:
    """An integer is an exact decimal; a boolean is not a number."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Day = Annotated[
    date,
    BeforeValidator(_iso_date),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2025-06-13"]}),
]
Number = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "number"})]
Eur = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0, decimal_places=6),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Score = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0, le=1),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
]
Share = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, le=100),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
"""A percentage of a whole."""
Positive = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(gt=0),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Text = Annotated[
    str,
    StringConstraints(
        min_length=1, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
    ),
]
"""One line: it stands in headers, table cells and titles."""
Marker = Annotated[str, StringConstraints(min_length=1)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""Names a text that is translated elsewhere (`generators/llmaas/generators/messages`)."""
ModelId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(:[a-z0-9][a-z0-9._-]*)?$"),
    Field(examples=["qwen3:8b"]),
]
Url = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s]+$"),
    Field(examples=["https://api.example.com/v1"]),
]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$"), Field(examples=["fr"])]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["FR"])]
HubRepository = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"),
    Field(examples=["bartowski/Qwen_Qwen3-8B-GGUF"]),
]
HubFile = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"),
    Field(examples=["Qwen_Qwen3-8B-Q4_K_M.gguf"]),
]
"""A path that stays inside the directory it is downloaded to."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(gt=0)]
Months = Annotated[int, Field(gt=0, le=120)]


class Record(BaseModel):
    """Base of every mapping in the YAML: unknown keys and loose types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


# -- the service ----------------------------------------------------------------------------------


class Operator(Record):
    """The legal entity that runs the service."""

    name: Text = Field(description="Legal name.")
    country: CountryCode = Field(description="ISO 3166-1 code of the law it is under.")


class Region(Record):
    """Where requests are processed."""

    id: Key = Field(description="Name of the region; a key of the translated texts.")
    country: CountryCode = Field(description="ISO 3166-1 code.")


class Sla(Record):
    """The availability that customers are promised."""

    availability_percent: Annotated[
        Number,
        Field(gt=0, le=100),
        WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 100}),
    ] = Field(description="Promised availability of the API per month.")


class Support(Record):
    """How customers reach people, and when these answer."""

    languages: tuple[LanguageCode, ...] = Field(
        description="Languages in which the support answers, as ISO 639-1 codes.", min_length=1
    )
    channel: Literal["portal", "mail", "phone"] = Field(
        description="Where customers write or call."
    )
    first_reply: Literal["working_day"] = Field(
        description="`working_day`: first reply during a working day (not: within one day)."
    )
    critical_response_h: Count | None = Field(
        default=None,
        description="Hours to the reply for critical incidents (professional services).",
    )


class Service(Record):
    """Identity of the service."""

    name: Text = Field(description="Product name, as customers know it.")
    operator: Operator = Field(description="Who is responsible for the service.")
    base_url: Url = Field(description="Base URL of the API, ending in /v1.")
    time_zone: Text = Field(description="IANA time zone of days and months, such as Europe/Paris.")
    owned_by: Text = Field(description="`owned_by` of the model objects in `GET /v1/models`.")
    regions: tuple[Region, ...] = Field(description="Where requests are processed.", min_length=1)
    languages: tuple[LanguageCode, ...] = Field(
        min_length=1, description="Languages of the documentation; the first is the source."
    )
    sla: Sla = Field(description="Promised availability.")
    support: Support = Field(description="How customers reach people.")
    audit_retention_days: Annotated[int, Field(ge=1, le=3660)] | None = Field(
        default=None,
        description="Days a record of the audit trail is kept; absent, they are never removed.",
    )


class ComplianceRecord(Record):
    """One qualification, certification or legal regime. Absent is unknown, not refused."""

    id: Key = Field(description="Name of the record in links.")
    name: Text = Field(description="Official name.")
    version: Text | None = Field(default=None, description="Version of the framework.")
    issuer: Text | None = Field(default=None, description="Who grants or enacts it.")
    kind: Literal["qualification", "certification", "regulation", "claim"] = Field(
        description="A qualification (ANSSI) is not a certification; a regulation is complied with."
    )
    scope: Literal["infrastructure", "service", "operator"] = Field(
        description="What it covers: a qualified infrastructure does not make a qualified service."
    )
    status: Literal["valid", "in_progress", "expired", "unconfirmed"] = Field(
        description="`unconfirmed`: published, but its sources disagree."
    )
    valid_from: Day | None = Field(default=None, description="First day of validity.")
    valid_until: Day | None = Field(
        default=None, description="First day on which it is no longer valid."
    )
    evidence: Text | None = Field(default=None, description="Where a reader can check it.")


class OfferedEndpoint(Record):
    """An operation of the API that the service offers."""

    id: Endpoint = Field(description="The operation, by its path below the base URL with dots.")
    status: Literal["served", "planned"] = Field(
        description="`planned` is offered by the service but not answered by this software yet."
    )


class Integration(Record):
    """A framework or tool that customers use with the API."""

    id: Key = Field(description="Name of the integration in links.")
    name: Text = Field(description="Product name.")
    kind: Literal["sdk", "framework", "tool", "no_code"] = Field(description="Where it is listed.")
    test_status: Literal["tested", "untested"] = Field(
        description="`tested`: this project's tests run it against a live service."
    )


# -- money ----------------------------------------------------------------------------------------


class PriceStep(Record):
    """An amount and the day from which it is billed."""

    effective_on: Day = Field(description="First day on which it is billed.")
    eur: Eur = Field(description="Amount in euros for one unit, before tax.")


class Price(Record):
    """What one unit costs, before tax."""

    unit: PriceUnit = Field(description="What is counted.")
    rounding: Literal["exact", "up"] = Field(
        description="`exact`: to the token. `up`: every started unit is due in full."
    )
    steps: tuple[PriceStep, ...] = Field(min_length=1, description="Oldest first.")


class Prices(Record):
    """The price list. Each token is billed in exactly one of these classes."""

    input: Price = Field(description="Tokens of the request.")
    output: Price = Field(description="Output tokens that are not reasoning.")
    reasoning_output: Price = Field(description="Output tokens between the reasoning markers.")
    audio: Price = Field(description="Audio that is transcribed.")


class Tier(Record):
    """What a customer pays up front and may use."""

    id: Key = Field(description="Name of the tier.")
    kind: TierKind = Field(
        description="`prepaid`: all terms are here. `contract`: each contract sets them."
    )
    audience: Key = Field(description="Whom it is meant for; a key of the translated texts.")
    upfront_credit_eur: Eur | None = Field(default=None, description="Prepaid balance to activate.")
    monthly_cap_eur: Eur | None = Field(
        default=None, description="Spending per calendar month beyond which requests are refused."
    )
    output_tokens_per_hour: Count | None = Field(
        default=None, description="Output tokens in any hour."
    )
    output_tokens_per_day: Count | None = Field(
        default=None, description="Output tokens in any day."
    )


# -- policies -------------------------------------------------------------------------------------


class LifecyclePolicy(Record):
    """What customers are promised about every model."""

    stable_months: Months = Field(description="Months a stable model is supported at least.")
    removal_notice_months: Months = Field(description="Months between deprecation and removal.")
    review: Literal["quarterly"] = Field(description="How often the catalogue is reviewed.")
    extended_support: Literal["none", "on_request"] = Field(
        description="Whether a model can be kept longer."
    )


class Detection(Record):
    """One of the documented checks."""

    id: Literal["check_structure", "check_patterns", "check_behavior"] = Field(
        description="Which check."
    )
    enabled: bool = Field(description="Whether it runs.")


class Repetition(Record):
    """Identical prompts in a row, per key."""

    limit: Count = Field(description="Identical prompts in a row from which the action is taken.")
    window_s: Count = Field(description="Seconds within which they count.")
    action: VerdictAction = Field(description="What happens to such a prompt.")


class Thresholds(Record):
    """Scores between 0 and 1 from which a prompt is flagged or blocked."""

    flag: Score = Field(description="From here on a prompt is logged as suspicious.")
    block: Score = Field(description="From here on a prompt is refused.")


class SecurityBudgets(Record):
    """Limits on the measured figures of the layer, for `llmaas security eval --fail`."""

    recall_percent: Share | None = Field(
        default=None, description="Explicit attacks flagged or blocked, at least."
    )
    language_recall_percent: Share | None = Field(
        default=None, description="The same in the language with the lowest share, at least."
    )
    disguised_recall_percent: Share | None = Field(
        default=None,
        description="Detected attacks that stay detected in the worst disguise, at least.",
    )
    fragmented_recall_percent: Share | None = Field(
        default=None, description="Attacks in pieces that are caught, at least."
    )
    core_false_positive_percent: Share | None = Field(
        default=None, description="Ordinary prompts flagged or blocked, at most."
    )
    core_blocked_percent: Share | None = Field(
        default=None, description="Ordinary prompts blocked, at most."
    )
    p95_ms_at_4096_characters: Positive | None = Field(
        default=None, description="Milliseconds for 95 of 100 prompts of 4096 characters, at most."
    )


class SecurityException(Record):
    """Another policy for one customer, granted by support."""

    tenant: Text = Field(description="Id of the customer's account.")
    mode: Literal["enforce", "flag_only", "off"] = Field(
        default="enforce", description="`flag_only` never refuses; `off` does not look."
    )
    flag: Score | None = Field(default=None, description="Another score that leads to a flag.")
    block: Score | None = Field(default=None, description="Another score that leads to a block.")
    disabled_rules: tuple[Key, ...] = Field(
        default=(), description="Rules that do not count for this customer."
    )
    until: Day = Field(description="The last day on which it holds.")
    reason: Text = Field(description="Why; it is in the audit trail.")
    author: Text = Field(description="Who granted it.")


class Guardian(Record):
    """A model of the catalogue that is asked about prompts as well."""

    model: ModelId = Field(description="Its id; a model with the capability `security`.")
    ask: Literal["in_line", "afterwards"] = Field(
        description="`in_line` waits for its word before the model is asked; `afterwards` asks "
        "beside the answer and only writes audit events."
    )
    risk: Text = Field(
        default="jailbreak", description="What it is asked about: `risk_name` of its template."
    )
    action: Literal["flag", "block"] = Field(
        default="flag", description="What happens to a prompt that it finds risky."
    )
    timeout_s: Count = Field(default=5, description="Seconds after which it is not waited for.")
    max_concurrent: Count = Field(
        default=4, description="Prompts about which each gateway asks it at once, at most."
    )
    on_error: Literal["allow", "block"] = Field(
        default="allow", description="What happens to a prompt about which it says nothing."
    )


class OutputCheck(Record):
    """What happens to an answer that gives away what only the model was to read."""

    canary: VerdictAction = Field(
        default="allow",
        description="For a marker that is put into every system message and read in an answer.",
    )
    system_prompt: VerdictAction = Field(
        default="allow", description="For an answer that repeats much of a system message."
    )


class SecurityPolicy(Record):
    """The prompt-security layer."""

    enabled: bool = Field(description="Whether prompts are checked at all.")
    checks: tuple[Detection, ...] = Field(
        description="The checks, in the order in which they run.", min_length=1
    )
    thresholds: Thresholds = Field(description="Scores that lead to a flag or a block.")
    repetition: Repetition = Field(description="When repeated prompts are suspicious.")
    fragments: VerdictAction = Field(
        default="block", description="What happens to an attack in pieces over several prompts."
    )
    learned_signal: bool = Field(
        default=True, description="Whether the linear model is heard beside the rules."
    )
    on_error: Literal["allow", "block"] = Field(
        default="allow", description="What happens to a request when the layer itself fails."
    )
    guardian: Guardian | None = Field(
        default=None, description="A guardian model beside the rules; none where it is left out."
    )
    output: OutputCheck = Field(
        default_factory=OutputCheck, description="Answers that are looked at; none by default."
    )
    standard_rules: bool = Field(
        default=True,
        description="Whether the rules shipped with the software run, in seven languages.",
    )
    disabled_rules: tuple[Key, ...] = Field(
        default=(), description="Standard rules that do not run here."
    )
    rules: tuple[PatternRule, ...] = Field(
        default=(), description="Rules of your own, beside the standard ones."
    )
    exceptions: tuple[SecurityException, ...] = Field(
        default=(), description="What support granted single customers, until a day."
    )
    budgets: SecurityBudgets | None = Field(
        default=None, description="Figures that a change of the layer must keep."
    )


# -- fleet ----------------------------------------------------------------------------------------


class Machine(Record):
    """A GPU machine."""

    id: Key = Field(description="Host name.")
    gpus: Count = Field(description="Number of GPUs.")
    memory_gib_per_gpu: Count = Field(description="Memory of each GPU, in GiB.")


class Fleet(Record):
    """The machines on which models run."""

    machines: tuple[Machine, ...] = Field(description="The machines.", min_length=1)


# -- models ---------------------------------------------------------------------------------------


class Parameters(Record):
    """Size of a model, in billions of parameters."""

    total_b: Positive = Field(description="All parameters, in billions.")
    active_b: Positive | None = Field(
        default=None, description="Parameters used per token, for mixtures of experts."
    )


class Measurement(Record):
    """Figures measured by the service on its own machines."""

    tokens_per_s: Positive | None = Field(
        default=None, description="Output tokens per second of one request."
    )
    kwh_per_mtok: Positive | None = Field(
        default=None, description="Energy in kWh per million output tokens."
    )
    source: Text = Field(description="Where and when it was published or measured.")


class Licence(Record):
    """The licence of the weights."""

    id: Text = Field(description="SPDX identifier, or LicenseRef-… where none exists.")
    name: Text = Field(description="Name of the licence, as its text has it.")
    commercial_use: Literal["yes", "restricted", "no"] = Field(
        description="`restricted`: allowed under conditions, such as a number of users."
    )


class RuleException(Record):
    """A rule that this model breaks knowingly. Shown to readers of the documentation."""

    rule: Literal[
        "non-commercial-licence", "removed-before-support-ends", "short-notice", "short-support"
    ] = Field(description="The rule that is broken.")
    reason: Key = Field(description="Key of the translated sentence that explains it.")


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


class Model(Record):
    """One model of the catalogue."""

    id: ModelId = Field(description="What requests name it by: family, colon, size.")
    aliases: tuple[ModelId, ...] = Field(default=(), description="Further names in requests.")
    display_name: Text = Field(description="What people call it.")
    publisher: Text = Field(description="Who trained and published the weights.")
    family: Text = Field(description="Family of models of one origin and generation.")
    upstream: Text = Field(description="Name of the original weights on the model hub.")
    parameters: Parameters | None = Field(default=None, description="Absent when not published.")
    input_modalities: tuple[Modality, ...] = Field(description="What it reads.", min_length=1)
    output_modalities: tuple[Modality, ...] = Field(description="What it writes.", min_length=1)
    capabilities: tuple[Capability, ...] = Field(
        description="What it can do beyond text, as the service publishes it."
    )
    endpoints: tuple[Endpoint, ...] = Field(
        description="The operations that answer with it.", min_length=1
    )
    context_tokens: Count | None = Field(
        default=None, description="Published context window, in tokens."
    )
    measured: Measurement | None = Field(
        default=None, description="Speed and energy, as measured by the service."
    )
    licence: Licence = Field(description="Licence of the weights.")
    stability: Stability = Field(
        description="`stable` promises the months of support of the lifecycle policy."
    )
    released_on: Day = Field(description="Release to production (DMP).")
    support_ends_on: Day | None = Field(
        default=None, description="Forecast end of maintenance (DSP). Removal is another date."
    )
    deprecated_on: Day | None = Field(
        default=None, description="Day from which customers are asked to move."
    )
    removed_on: Day | None = Field(
        default=None, description="First day on which it no longer answers."
    )
    successor: ModelId | None = Field(default=None, description="Id of the model to move to.")
    exceptions: tuple[RuleException, ...] = Field(
        default=(), description="Rules that this model breaks knowingly."
    )
    tags: tuple[Key, ...] = Field(default=(), description="Keys of translated labels.")
    use_cases: tuple[Key, ...] = Field(default=(), description="Keys of translated sentences.")
    serving: Serving = Field(description="How a worker runs it.")


class Catalog(Record):
    """A whole catalogue: the single source of truth of a service."""

    schema_version: Literal[1] = Field(description="Version of this file's format.")
    service: Service = Field(description="Who serves, where and how.")
    compliance: tuple[ComplianceRecord, ...] = Field(
        description="Qualifications, certifications and regulations."
    )
    endpoints: tuple[OfferedEndpoint, ...] = Field(
        description="The operations of the API.", min_length=1
    )
    integrations: tuple[Integration, ...] = Field(default=(), description="Frameworks and tools.")
    prices: Prices = Field(description="The price list.")
    tiers: tuple[Tier, ...] = Field(description="What customers can buy.", min_length=1)
    lifecycle: LifecyclePolicy = Field(description="Promises about every model.")
    security: SecurityPolicy = Field(
        description="How prompts are checked before a model reads them."
    )
    fleet: Fleet = Field(description="The machines.")
    models: tuple[Model, ...] = Field(
        description="The models, in the order in which they are listed.", min_length=1
    )
