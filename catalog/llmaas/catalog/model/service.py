"""Who serves, under which law, what is promised and how it is reached."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from llmaas.bundle.tables import Endpoint
from llmaas.catalog.model.values import (
    Count,
    CountryCode,
    Day,
    Key,
    LanguageCode,
    Number,
    Record,
    Text,
    Url,
)


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
