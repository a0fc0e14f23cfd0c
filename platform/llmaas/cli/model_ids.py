"""Model ids as people type them: aliases resolved, misspellings answered with a suggestion."""

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from llmaas.bundle import Bundle, Route
from llmaas.cli.exits import CommandError, Exit


def routes_by_name(bundle: Bundle) -> dict[str, Route]:
    """Every route by its model id and by each alias."""
    return {name: route for route in bundle.routing for name in (route.model, *route.aliases)}


def resolve_ids(bundle: Bundle, names: Iterable[str]) -> tuple[str, ...]:
    """The model ids behind these names.

    Raises:
        CommandError: one of them is not in the catalogue.
    """
    routes = routes_by_name(bundle)
    resolved = []
    for name in names:
        if name not in routes:
            near = get_close_matches(name, routes, n=3, cutoff=0.6)
            raise CommandError(
                Exit.USAGE,
                f"unknown model {name!r}",
                f"did you mean {' or '.join(near)}?"
                if near
                else "`llmaas models list` shows every model",
            )
        resolved.append(routes[name].model)
    return tuple(dict.fromkeys(resolved))


def only(bundle: Bundle, models: Iterable[str]) -> Bundle:
    """The bundle of a deployment that serves these models and no other.

    Lifecycle entries stay: a successor is named to callers even where it is not served.
    """
    kept = frozenset(models)
    routing = tuple(route for route in bundle.routing if route.model in kept)
    pools = {route.pool for route in routing}
    return msgspec.structs.replace(
        bundle,
        routing=routing,
        workers=tuple(spec for spec in bundle.workers if spec.pool in pools),
    )
