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
    Capability,
    ChatFormat,
    Endpoint,
    Modality,
    Pooling,
    PriceUnit,
    ReasoningMode,
    Stability,
    TierKind,
    ToolCallFormat,
    VerdictAction,
    WorkerKind,
)


def _iso_date(value: Any) -> Any:
    """Accept `2025-06-13` and nothing looser; anything else is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(f"`{value[:40]}` has another form")
    return date.fromisoformat(value)


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
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(:[a-z0-9][a-z0-9._-]*)?$")
]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(gt=0)]


class Record(BaseModel):
    """Base of every mapping in the YAML: unknown keys and loose types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


# -- the service ----------------------------------------------------------------------------------


class Operator(Record):
    """The legal entity that runs the service."""

    name: Text
    country: CountryCode = Field(description="ISO 3166-1 code of the law it is under.")


class Region(Record):
    """Where requests are processed."""

    id: Key
    country: CountryCode


class Sla(Record):
    """The availability that customers are promised."""

    availability_percent: Annotated[
        Number, Field(gt=0, le=100), WithJsonSchema({"type": "number", "maximum": 100})
    ]


class Support(Record):
    """How customers reach people, and when these answer."""

    languages: tuple[LanguageCode, ...] = Field(min_length=1)
    channel: Literal["portal", "mail", "phone"]
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
    operator: Operator
    base_url: Url = Field(description="Base URL of the API, ending in /v1.")
    time_zone: Text = Field(description="IANA time zone of days and months, such as Europe/Paris.")
    owned_by: Text = Field(description="`owned_by` of the model objects in `GET /v1/models`.")
    regions: tuple[Region, ...] = Field(min_length=1)
    languages: tuple[LanguageCode, ...] = Field(
        min_length=1, description="Languages of the documentation; the first is the source."
    )
    sla: Sla
    support: Support


class ComplianceRecord(Record):
    """One qualification, certification or legal regime. Absent is unknown, not refused."""

    id: Key
    name: Text
    version: Text | None = None
    issuer: Text | None = None
    kind: Literal["qualification", "certification", "regulation", "claim"] = Field(
        description="A qualification (ANSSI) is not a certification; a regulation is complied with."
    )
    scope: Literal["infrastructure", "service", "operator"] = Field(
        description="What it covers: a qualified infrastructure does not make a qualified service."
    )
    status: Literal["valid", "in_progress", "expired", "unconfirmed"]
    valid_from: Day | None = None
    valid_until: Day | None = None
    evidence: Text | None = Field(default=None, description="Where a reader can check it.")


class OfferedEndpoint(Record):
    """An operation of the API that the service offers."""

    id: Endpoint
    status: Literal["served", "planned"] = Field(
        description="`planned` is offered by the service but not answered by this software yet."
    )


class Integration(Record):
    """A framework or tool that customers use with the API."""

    id: Key
    name: Text
    kind: Literal["sdk", "framework", "tool", "no_code"]
    test_status: Literal["tested", "untested"] = Field(
        description="`tested`: this project's tests run it against a live service."
    )


# -- money ----------------------------------------------------------------------------------------


class PriceStep(Record):
    """An amount and the day from which it is billed."""

    effective_on: Day
    eur: Eur


class Price(Record):
    """What one unit costs, before tax."""

    unit: PriceUnit
    rounding: Literal["exact", "up"] = Field(
        description="`exact`: to the token. `up`: every started unit is due in full."
    )
    steps: tuple[PriceStep, ...] = Field(min_length=1, description="Oldest first.")


class Prices(Record):
    """The price list. Each token is billed in exactly one of these classes."""

    input: Price
    output: Price = Field(description="Output tokens that are not reasoning.")
    reasoning_output: Price = Field(description="Output tokens between the reasoning markers.")
    audio: Price


class Tier(Record):
    """What a customer pays up front and may use."""

    id: Key
    kind: TierKind
    audience: Key = Field(description="Whom it is meant for; a key of the translated texts.")
    upfront_credit_eur: Eur | None = Field(default=None, description="Prepaid balance to activate.")
    monthly_cap_eur: Eur | None = None
    output_tokens_per_hour: Count | None = None
    output_tokens_per_day: Count | None = None


# -- policies -------------------------------------------------------------------------------------


class LifecyclePolicy(Record):
    """What customers are promised about every model."""

    stable_months: Count = Field(description="Months a stable model is supported at least.")
    removal_notice_months: Count = Field(description="Months between deprecation and removal.")
    review: Literal["quarterly"]
    extended_support: Literal["none", "on_request"]


class Detection(Record):
    """One of the documented checks."""

    id: Literal["check_structure", "check_patterns", "check_behavior"]
    enabled: bool


class Repetition(Record):
    """Identical prompts in a row, per key."""

    limit: Count
    window_s: Count
    action: VerdictAction


class Thresholds(Record):
    """Scores between 0 and 1 from which a prompt is flagged or blocked."""

    flag: Annotated[Number, Field(gt=0, le=1)]
    block: Annotated[Number, Field(gt=0, le=1)]


class SecurityPolicy(Record):
    """The prompt-security layer."""

    enabled: bool
    checks: tuple[Detection, ...] = Field(min_length=1)
    thresholds: Thresholds
    repetition: Repetition


# -- fleet ----------------------------------------------------------------------------------------


class Machine(Record):
    """A GPU machine."""

    id: Key
    gpus: Count
    memory_gib_per_gpu: Count


class Fleet(Record):
    """The machines on which models run."""

    machines: tuple[Machine, ...] = Field(min_length=1)


# -- models ---------------------------------------------------------------------------------------


class Parameters(Record):
    """Size of a model, in billions of parameters."""

    total_b: Annotated[Number, Field(gt=0)]
    active_b: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="Parameters used per token, for mixtures of experts."
    )


class Measurement(Record):
    """Figures measured by the service on its own machines."""

    tokens_per_s: Annotated[Number, Field(gt=0)] | None = None
    kwh_per_mtok: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="Energy in kWh per million output tokens."
    )
    source: Text = Field(description="Where and when it was published or measured.")


class Licence(Record):
    """The licence of the weights."""

    id: Text = Field(description="SPDX identifier, or LicenseRef-… where none exists.")
    name: Text
    commercial_use: Literal["yes", "restricted", "no"]


class RuleException(Record):
    """A rule that this model breaks knowingly. Shown to readers of the documentation."""

    rule: Literal[
        "non-commercial-licence", "removed-before-support-ends", "short-notice", "short-support"
    ]
    reason: Key = Field(description="Key of the translated sentence that explains it.")


class Weights(Record):
    """The GGUF file on the model hub."""

    repository: Text
    file: Text
    quantisation: Text
    sha256: Sha256 | None = None
    verified: bool = Field(
        description="Whether the file name was seen in the repository or only follows its pattern."
    )


class Reasoning(Record):
    """The markers between which the model thinks."""

    open: Marker
    close: Marker
    mode: ReasoningMode


class Serving(Record):
    """How a worker runs the model."""

    kind: WorkerKind
    n_ctx: Count = Field(description="Context served to one sequence, in tokens.")
    n_seq_max: Count = Field(default=4, description="Sequences decoded together.")
    n_gpu_layers: Annotated[int, Field(ge=-1)] = Field(default=-1, description="-1 is all.")
    pinned: bool = Field(default=False, description="Started with the service, never evicted.")
    machines: tuple[Key, ...] = Field(default=(), description="Preferred machines of the fleet.")
    weights: Weights | None = None
    mmproj: Weights | None = Field(default=None, description="Projector of a multimodal model.")
    chat_format: ChatFormat | None = None
    tool_call_format: ToolCallFormat | None = None
    reasoning: Reasoning | None = None
    pooling: Pooling | None = None
    embedding_dimensions: Count | None = None


class Model(Record):
    """One model of the catalogue."""

    id: ModelId
    aliases: tuple[ModelId, ...] = ()
    display_name: Text
    publisher: Text
    family: Text
    upstream: Text = Field(description="Name of the original weights on the model hub.")
    parameters: Parameters | None = Field(default=None, description="Absent when not published.")
    input_modalities: tuple[Modality, ...] = Field(min_length=1)
    output_modalities: tuple[Modality, ...] = Field(min_length=1)
    capabilities: tuple[Capability, ...]
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    context_tokens: Count | None = None
    measured: Measurement | None = None
    licence: Licence
    stability: Stability
    released_on: Day = Field(description="Release to production (DMP).")
    support_ends_on: Day | None = Field(
        default=None, description="Forecast end of maintenance (DSP). Removal is another date."
    )
    deprecated_on: Day | None = None
    removed_on: Day | None = None
    successor: ModelId | None = None
    exceptions: tuple[RuleException, ...] = ()
    tags: tuple[Key, ...] = ()
    use_cases: tuple[Key, ...] = ()
    serving: Serving


class Catalog(Record):
    """A whole catalogue: the single source of truth of a service."""

    schema_version: Literal[1]
    service: Service
    compliance: tuple[ComplianceRecord, ...]
    endpoints: tuple[OfferedEndpoint, ...] = Field(min_length=1)
    integrations: tuple[Integration, ...] = ()
    prices: Prices
    tiers: tuple[Tier, ...] = Field(min_length=1)
    lifecycle: LifecyclePolicy
    security: SecurityPolicy
    fleet: Fleet
    models: tuple[Model, ...] = Field(min_length=1)
