"""The lifecycle table: dates as they were announced."""

from llmaas.bundle import LifecycleEntry
from llmaas.catalog.model import Catalog


def compile_lifecycle(catalog: Catalog) -> tuple[LifecycleEntry, ...]:
    """One entry per model.

    No date is invented: a model without a forecast end of support has none, because the policy's
    months are a minimum, and a phase that nobody announced must not begin on its own.
    """
    return tuple(
        LifecycleEntry(
            model=model.id,
            stability=model.stability,
            released_on=model.released_on,
            support_ends_on=model.support_ends_on,
            deprecated_on=model.deprecated_on,
            removed_on=model.removed_on,
            successor=model.successor,
        )
        for model in sorted(catalog.models, key=lambda m: m.id)
    )
