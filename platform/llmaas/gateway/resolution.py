"""Which model a request means, and whether this key may have it here and today."""

import msgspec

from llmaas.accounts import ApiKey
from llmaas.bundle import Phase, phase_at
from llmaas.bundle.tables import Endpoint
from llmaas.gateway import lifecycle
from llmaas.gateway.authentication import authenticate
from llmaas.gateway.context import Exchange, Gateway
from llmaas.gateway.errors import (
    EndpointNotPermitted,
    ModelNotDeployed,
    ModelNotFound,
    ModelNotPermitted,
    UnsupportedEndpoint,
)
from llmaas.gateway.routing import Model, nearest
from llmaas.workers import ServedModel

STAND_IN = "x-llmaas-stand-in"


class Target(msgspec.Struct, frozen=True):
    """A model that will answer."""

    model: Model
    phase: Phase
    served: ServedModel
    endpoint: Endpoint | None = None
    """The operation it was found for."""


def caller(exchange: Exchange) -> ApiKey:
    """The key of this request.

    Raises:
        NotAuthenticated: it has none that is valid.
    """
    directory = exchange.gateway.meter.accounts.directory
    exchange.key = authenticate(exchange.header(b"authorization"), directory)
    return exchange.key


def callable_targets(gateway: Gateway, key: ApiKey) -> list[Target]:
    """What this deployment and this key can call today, in the order of the catalogue."""
    day = gateway.today()
    return [
        Target(model, phase, served)
        for model in gateway.table.models
        if (phase := phase_at(model.lifecycle, day)).callable
        and key.may_call(model.route.model)
        and (served := gateway.deployment.get(model.route.pool)) is not None
    ]


def resolve(exchange: Exchange, key: ApiKey, name: str, endpoint: Endpoint | None = None) -> Target:
    """Find the model a request names, and announce on the answer what its dates and weights mean.

    Args:
        exchange: the request.
        key: who calls.
        name: id or alias.
        endpoint: the operation that the model must offer; `None` to look at it only.

    Raises:
        ModelNotFound, ModelNotPermitted, EndpointNotPermitted, ModelNotReleased, ModelRetired,
        UnsupportedEndpoint, ModelNotDeployed: in this order.
    """
    gateway = exchange.gateway
    model = gateway.table.find(name)
    if model is None:
        raise _not_found(gateway, key, name)
    route = model.route
    if not key.may_call(route.model):
        raise ModelNotPermitted(
            f"This API key may not call the model '{route.model}'. "
            "GET /v1/models lists the models it may call.",
            param="model",
        )
    exchange.model = route.model
    if endpoint is not None and not key.may_use(endpoint):
        raise EndpointNotPermitted(
            f"This API key may not use /v1/{endpoint.replace('.', '/')}. "
            f"It may use {', '.join(sorted(key.endpoints or ())) or 'nothing'}."
        )
    day = gateway.today()
    refused = lifecycle.refusal(model.lifecycle, day)
    if refused is not None:
        raise refused
    exchange.announce(
        lifecycle.headers(
            model.lifecycle,
            day,
            time_zone=gateway.time_zone,
            documented=gateway.docs_dir is not None,
        )
    )
    if endpoint is not None and endpoint not in route.endpoints:
        offered = ", ".join(f"/v1/{name.replace('.', '/')}" for name in route.endpoints)
        raise UnsupportedEndpoint(
            f"The model '{route.model}' does not answer at /v1/{endpoint.replace('.', '/')}. "
            f"It answers at {offered}.",
            param="model",
        )
    served = gateway.deployment.get(route.pool)
    if served is None:
        raise ModelNotDeployed(route.model)
    if served.stand_in:
        exchange.announce({STAND_IN: "true"})
    return Target(model, phase_at(model.lifecycle, day), served, endpoint)


def _not_found(gateway: Gateway, key: ApiKey, name: str) -> ModelNotFound:
    names = [
        each
        for target in callable_targets(gateway, key)
        for each in (target.model.route.model, *target.model.route.aliases)
    ]
    meant = nearest(name, names)
    advice = f"Did you mean '{meant}'?" if meant else "GET /v1/models lists those there are."
    return ModelNotFound(f"The model '{name[:200]}' does not exist. {advice}", param="model")
