"""From the name in a request to the model that answers, or to the error that says why none does."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from llmaas.bundle import Bundle, LifecycleEntry, Route, WorkerSpec


@dataclass(frozen=True)
class Model:
    """The rows of one model, side by side."""

    route: Route
    lifecycle: LifecycleEntry
    spec: WorkerSpec


class RoutingTable:
    """The models of a bundle by every name they answer to."""

    def __init__(self, bundle: Bundle) -> None:
        lifecycle = {entry.model: entry for entry in bundle.lifecycle}
        specs = {spec.pool: spec for spec in bundle.workers}
        self.models = tuple(
            Model(route, lifecycle[route.model], specs[route.pool]) for route in bundle.routing
        )
        self._by_name = {
            name: model
            for model in self.models
            for name in (model.route.model, *model.route.aliases)
        }

    def find(self, name: str) -> Model | None:
        """The model with this id or alias."""
        return self._by_name.get(name)


def nearest(name: str, candidates: Sequence[str]) -> str | None:
    """The candidate that a misspelt or shortened name most likely means."""
    tagged = [each for each in candidates if each.startswith(f"{name.lower()}:")]
    if tagged:  # its size was left out
        return tagged[0]
    matches = get_close_matches(name.lower()[:200], candidates, n=1, cutoff=0.6)
    return matches[0] if matches else None
