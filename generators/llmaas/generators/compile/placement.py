"""The placement table: the fleet, and where each pool should run on it."""

from llmaas.bundle import Machine, Placement, PlacementTable
from llmaas.catalog.model import Catalog
from llmaas.generators.compile.routing import pool_of


def compile_placement(catalog: Catalog) -> PlacementTable:
    """Machines and one placement per pool; preferred machines keep the author's order."""
    return PlacementTable(
        machines=tuple(
            Machine(id=machine.id, gpus=machine.gpus, memory_gib_per_gpu=machine.memory_gib_per_gpu)
            for machine in sorted(catalog.fleet.machines, key=lambda m: m.id)
        ),
        placements=tuple(
            Placement(pool=pool_of(model), machines=model.serving.machines)
            for model in sorted(catalog.models, key=lambda m: m.id)
        ),
    )
