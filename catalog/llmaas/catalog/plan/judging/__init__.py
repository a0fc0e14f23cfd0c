"""From a difference to its class: one judge for each place in the catalogue."""

from llmaas.catalog.plan.judging.dispatch import judged

__all__ = ["judged"]
