"""`GET /v1/models` and `GET /v1/models/{model}`."""

from llmaas.gateway.context import Exchange, Gateway
from llmaas.gateway.lifecycle import unix_time
from llmaas.gateway.resolution import Target, callable_targets, caller, resolve
from llmaas.gateway.wire import ModelList, ModelObject, ModelPermission


async def list_models(exchange: Exchange) -> None:
    """What this deployment and this key can call today."""
    key = caller(exchange)
    gateway = exchange.gateway
    targets = callable_targets(gateway, key)
    await exchange.answer_json(ModelList(data=[model_object(gateway, each) for each in targets]))


async def get_model(exchange: Exchange) -> None:
    """One model, by id or alias; one that cannot be called is the error a call would get."""
    key = caller(exchange)
    name = str(exchange.path_params["model"]).removeprefix("/")
    target = resolve(exchange, key, name)
    await exchange.answer_json(model_object(exchange.gateway, target))


def model_object(gateway: Gateway, target: Target) -> ModelObject:
    """A model as clients see it."""
    route, entry = target.model.route, target.model.lifecycle
    created = unix_time(entry.released_on, gateway.time_zone)
    return ModelObject(
        id=route.model,
        created=created,
        owned_by=gateway.bundle.service.owned_by,
        root=route.root,
        aliases=route.aliases,
        max_model_len=target.served.spec.n_ctx,
        permission=[ModelPermission(id=f"modelperm-{route.model}-{created}", created=created)],
        context_tokens=route.context_tokens,
        endpoints=route.endpoints,
        capabilities=route.capabilities,
        input_modalities=route.input_modalities,
        output_modalities=route.output_modalities,
        phase=target.phase,
        stability=entry.stability,
        released_on=entry.released_on,
        support_ends_on=entry.support_ends_on,
        deprecated_on=entry.deprecated_on,
        removed_on=entry.removed_on,
        successor=entry.successor,
        stand_in=target.served.stand_in,
    )
