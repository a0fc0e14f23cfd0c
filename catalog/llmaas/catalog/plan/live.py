"""What a bundle, or a service that runs, tells of its catalogue: the same tree with less in it."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from llmaas.bundle import Bundle, SecurityPolicy
from llmaas.catalog.plan.judging.sides import phase_of
from llmaas.catalog.plan.tree import Branch, grown

NOT_IN_A_BUNDLE = (
    "licences, sizes, families, measurements, tags, use cases and exceptions of models",
    "compliance, integrations, regions, availability and support",
    "months of stable support, audiences of tiers",
    "pages of the documentation",
)
NOT_IN_A_MODEL_LIST = (
    "prices, tiers, security, machines and weights",
    "models that do not answer today, or that this key or this deployment leaves out",
    *NOT_IN_A_BUNDLE,
)


def tree_of_bundle(bundle: Bundle) -> dict[str, Any]:
    """The facts of a bundle, at the places where a catalogue has them.

    Lists whose order the compiler decides come in that order, so two bundles are compared with each
    other and not a bundle with a catalogue.
    """
    lifecycle = {entry.model: entry for entry in bundle.lifecycle}
    workers = {spec.pool: spec for spec in bundle.workers}
    machines = {each.pool: each.machines for each in bundle.placement.placements}
    models = []
    for route in bundle.routing:
        facts = _builtins(route) | _builtins(lifecycle[route.model])
        facts |= {"id": facts.pop("model"), "upstream": facts.pop("root")}
        pool = facts.pop("pool")
        serving = _builtins(workers[pool]) | {"machines": machines.get(pool, ())}
        del serving["pool"]
        models.append(facts | {"serving": serving})
    service = _builtins(bundle.service)
    service["operator"] = {"name": service["operator"]}
    prices = {price.id: _builtins(price) for price in bundle.prices}
    for price in prices.values():
        del price["id"]
    tree: dict[str, Any] = grown(
        {
            "lifecycle": {"removal_notice_months": service.pop("removal_notice_months")},
            "service": service,
            "prices": prices,
            "tiers": tuple(map(_builtins, bundle.tiers)),
            "security": _security(bundle.security),
            "fleet": {"machines": tuple(map(_builtins, bundle.placement.machines))},
            "models": tuple(models),
        }
    )
    return tree


def _security(policy: SecurityPolicy) -> dict[str, Any]:
    facts = _builtins(policy)
    facts["checks"] = tuple({"id": check, "enabled": True} for check in policy.checks)
    facts["thresholds"] = {"flag": facts.pop("flag_score"), "block": facts.pop("block_score")}
    facts["repetition"] = {
        key: facts.pop(f"repetition_{key}") for key in ("limit", "window_s", "action")
    }
    return facts


def tree_of_model_list(listed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer of `GET /v1/models` as far as it is about the catalogue.

    Args:
        listed: its `data`.
    """
    models = []
    for each in listed:
        facts = {
            key: each.get(key)
            for key in ("id", "aliases", "context_tokens", "endpoints", "capabilities")
        }
        facts |= {key: each.get(key) for key in ("stability", "successor")}
        facts["upstream"] = each.get("root")
        for key in ("released_on", "support_ends_on", "deprecated_on", "removed_on"):
            day = each.get(key)
            facts[key] = None if day is None else date.fromisoformat(day)
        if not each.get("stand_in"):
            facts["serving"] = {"n_ctx": each.get("max_model_len")}
        models.append(
            {key: tuple(one) if isinstance(one, list) else one for key, one in facts.items()}
        )
    models.sort(key=lambda facts: str(facts["id"]))
    tree: dict[str, Any] = grown({"models": tuple(models)})
    return tree


def as_listed(tree: Mapping[str, Any], live: Mapping[str, Any], today: date) -> dict[str, Any]:
    """What a service with this catalogue would list today, as far as the live one tells it."""
    told = {"id", "aliases", "context_tokens", "endpoints", "capabilities", "stability"}
    told |= {"released_on", "support_ends_on", "deprecated_on", "removed_on"}
    told |= {"successor", "upstream"}
    models = Branch()
    for name, facts in tree["models"].items():
        if not facts["endpoints"] or not phase_of(facts, today).callable:
            continue
        seen = {key: each for key, each in facts.items() if key in told}
        if "serving" in live["models"].get(name, {}):
            seen["serving"] = {"n_ctx": facts["serving"]["n_ctx"]}
        models[name] = seen
    return {"models": models}


def _builtins(row: msgspec.Struct) -> dict[str, Any]:
    """One row of a table as mappings, with its dates and decimals as they are."""
    built: dict[str, Any] = msgspec.to_builtins(row, builtin_types=(date, Decimal))
    return {key: tuple(each) if isinstance(each, list) else each for key, each in built.items()}
