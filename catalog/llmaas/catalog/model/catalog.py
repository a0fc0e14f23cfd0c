"""The whole of a catalogue."""

from typing import Literal

from pydantic import Field

from llmaas.catalog.model.models import LifecyclePolicy, Model
from llmaas.catalog.model.money import Prices, Tier
from llmaas.catalog.model.security import SecurityPolicy
from llmaas.catalog.model.service import ComplianceRecord, Integration, OfferedEndpoint, Service
from llmaas.catalog.model.serving import Fleet
from llmaas.catalog.model.values import Record


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
