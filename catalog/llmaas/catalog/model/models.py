"""The models: what they are, what they can do, and the dates they keep."""

from typing import Literal

from pydantic import Field

from llmaas.bundle.tables import Capability, Endpoint, Modality, Stability
from llmaas.catalog.model.serving import Serving
from llmaas.catalog.model.values import Count, Day, Key, ModelId, Months, Positive, Record, Text


class LifecyclePolicy(Record):
    """What customers are promised about every model."""

    stable_months: Months = Field(description="Months a stable model is supported at least.")
    removal_notice_months: Months = Field(description="Months between deprecation and removal.")
    review: Literal["quarterly"] = Field(description="How often the catalogue is reviewed.")
    extended_support: Literal["none", "on_request"] = Field(
        description="Whether a model can be kept longer."
    )


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
