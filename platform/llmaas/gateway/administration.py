"""What is served and how it fares, for those who operate the service."""

import hmac

from llmaas.gateway import wire
from llmaas.gateway.context import Exchange
from llmaas.gateway.errors import NotAuthenticated


async def get_bundle(exchange: Exchange) -> None:
    """The version that answers this request, the one before, and the last one refused."""
    require_administrator(exchange)
    version, refused = exchange.gateway.version, exchange.gateway.refused()
    previous = version.previous
    await exchange.answer_json(
        wire.ServedBundle(
            catalogue_sha256=version.catalogue_sha256,
            program_version=version.program_version,
            serving_since=version.serving_since,
            previous=None
            if previous is None
            else wire.EarlierBundle(
                catalogue_sha256=previous.catalogue_sha256,
                program_version=previous.program_version,
                serving_since=previous.serving_since,
            ),
            refused=None
            if refused is None
            else wire.RefusedBundle(
                catalogue_sha256=refused.catalogue_sha256,
                refused_at=refused.refused_at,
                reason=refused.reason,
            ),
        )
    )


async def get_metrics(exchange: Exchange) -> None:
    """What this process has counted, in the format that the scraper asks for."""
    require_administrator(exchange)
    gateway = exchange.gateway
    accept = exchange.header(b"accept") or ""
    body, media_type = gateway.metrics.exposition(gateway, accept=accept)
    await exchange.answer(body, content_type=media_type.encode())


def require_administrator(exchange: Exchange) -> None:
    """Let nobody else pass.

    Raises:
        NotAuthenticated: the request has no admin token, or another one.
    """
    scheme, _, given = (exchange.header(b"authorization") or "").partition(" ")
    token = exchange.gateway.admin_token
    if scheme.lower() != "bearer" or token is None:
        raise NotAuthenticated(
            "This is for operators. Send the service's admin token as "
            "'Authorization: Bearer <token>'; it is in the state directory, in `admin-token`."
        )
    if not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise NotAuthenticated("The admin token is not valid; an API key is not one.")
