"""A whole bundle from a whole catalogue."""

from llmaas.bundle import Bundle
from llmaas.catalog.model import Catalog
from llmaas.generators.compile.lifecycle import compile_lifecycle
from llmaas.generators.compile.placement import compile_placement
from llmaas.generators.compile.prices import compile_prices
from llmaas.generators.compile.routing import compile_routing
from llmaas.generators.compile.security import compile_security
from llmaas.generators.compile.service import compile_service
from llmaas.generators.compile.tiers import compile_tiers
from llmaas.generators.compile.workers import compile_workers


def compile_bundle(catalog: Catalog) -> Bundle:
    """The tables that the platform serves from; the same facts give the same bundle.

    The catalogue must be free of errors: nothing is checked again here. Rows are ordered by id, so
    moving a model in the YAML changes no table and adding one changes one place of each.
    """
    return Bundle(
        service=compile_service(catalog),
        routing=compile_routing(catalog),
        lifecycle=compile_lifecycle(catalog),
        prices=compile_prices(catalog.prices),
        tiers=compile_tiers(catalog.tiers),
        security=compile_security(catalog.security),
        workers=compile_workers(catalog.models),
        placement=compile_placement(catalog),
    )
