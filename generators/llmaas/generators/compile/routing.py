"""The routing table: every name a request may use, and the pool that answers it."""

from decimal import Decimal

from llmaas.bundle import Route
from llmaas.bundle.tables import Capability, Endpoint, Modality
from llmaas.catalog.model import Catalog, Model
from llmaas.generators.compile.canonical import canonical_decimal, in_declared_order


def compile_routing(catalog: Catalog) -> tuple[Route, ...]:
    """One route per model, retired and upcoming ones included: they have an answer too (410, 404).

    A route offers the endpoints that the model supports and the service serves. An endpoint that
    is only planned is on no route, so a request for it is refused before a worker is looked for.
    """
    served = {endpoint.id for endpoint in catalog.endpoints if endpoint.status == "served"}
    return tuple(_route(model, served) for model in sorted(catalog.models, key=lambda m: m.id))


def _route(model: Model, served: set[Endpoint]) -> Route:
    return Route(
        model=model.id,
        aliases=tuple(sorted(model.aliases)),
        display_name=model.display_name,
        publisher=model.publisher,
        endpoints=in_declared_order(served.intersection(model.endpoints), Endpoint),
        capabilities=in_declared_order(model.capabilities, Capability),
        input_modalities=in_declared_order(model.input_modalities, Modality),
        output_modalities=in_declared_order(model.output_modalities, Modality),
        context_tokens=model.context_tokens,
        root=model.upstream,
        pool=pool_of(model),
        kwh_per_mtok=_energy(model),
    )


def _energy(model: Model) -> Decimal | None:
    measured = None if model.measured is None else model.measured.kwh_per_mtok
    return None if measured is None else canonical_decimal(measured)


def pool_of(model: Model) -> str:
    """The worker pool of a model: its own, named like it, so that load never mixes two models."""
    return model.id
