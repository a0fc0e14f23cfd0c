"""The models as JSON: typed facts and the phase of one day, the same in every language."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from llmaas.bundle import to_json

if TYPE_CHECKING:  # views hold events, which are in this package
    from llmaas.generators.site.views import CatalogView, ModelView, PriceView

SCHEMA_VERSION = 1


class LicenceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The licence of a model's weights."""

    id: str
    name: str
    commercial_use: str


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A model; what is not published is null."""

    id: str
    aliases: Sequence[str]
    display_name: str
    publisher: str
    family: str
    phase: str
    """On `as_of`."""
    callable: bool
    stability: str
    released_on: date
    deprecated_on: date | None
    support_ends_on: date | None
    removed_on: date | None
    successor: str | None
    endpoints: Sequence[str]
    capabilities: Sequence[str]
    input_modalities: Sequence[str]
    output_modalities: Sequence[str]
    context_tokens: int | None
    total_parameters_b: float | None
    active_parameters_b: float | None
    tokens_per_s: float | None
    kwh_per_mtok: float | None
    licence: LicenceFacts
    page: str
    """Relative to this document."""


class PriceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A price in force on `as_of`."""

    id: str
    unit: str
    rounding: str
    eur: Decimal
    """A string, so that no reader rounds it."""
    effective_on: date


class ModelsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`models.json`."""

    schema_version: int
    service: str
    as_of: date
    catalogue_sha256: str
    prices: Sequence[PriceFacts]
    models: Sequence[ModelFacts]


def models_document(view: "CatalogView", *, catalogue_sha256: str) -> str:
    """The document for a catalogue on a day."""
    return to_json(
        ModelsDocument(
            schema_version=SCHEMA_VERSION,
            service=view.catalog.service.name,
            as_of=view.today,
            catalogue_sha256=catalogue_sha256,
            prices=[_price(price) for price in view.prices],
            models=[_model(model) for model in view.models],
        )
    )


def _price(price: "PriceView") -> PriceFacts:
    return PriceFacts(
        id=price.id,
        unit=price.unit,
        rounding=price.rounding,
        eur=price.current.eur,
        effective_on=price.current.effective_on,
    )


def _model(view: "ModelView") -> ModelFacts:
    model, entry = view.model, view.entry
    return ModelFacts(
        id=model.id,
        aliases=model.aliases,
        display_name=model.display_name,
        publisher=model.publisher,
        family=model.family,
        phase=view.phase,
        callable=view.callable,
        stability=entry.stability,
        released_on=entry.released_on,
        deprecated_on=entry.deprecated_on,
        support_ends_on=entry.support_ends_on,
        removed_on=entry.removed_on,
        successor=entry.successor,
        endpoints=model.endpoints,
        capabilities=model.capabilities,
        input_modalities=model.input_modalities,
        output_modalities=model.output_modalities,
        context_tokens=model.context_tokens,
        total_parameters_b=_float(view.total_b),
        active_parameters_b=_float(view.active_b),
        tokens_per_s=_float(view.tokens_per_s),
        kwh_per_mtok=_float(view.kwh_per_mtok),
        licence=LicenceFacts(
            id=model.licence.id,
            name=model.licence.name,
            commercial_use=model.licence.commercial_use,
        ),
        page=f"models/{view.slug}/",
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
