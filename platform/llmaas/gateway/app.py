"""The ASGI application that serves one bundle."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from llmaas.accounts import Accounts, Meter
from llmaas.bundle import Bundle, to_json
from llmaas.gateway.access import CLIENT_GONE, audit
from llmaas.gateway.context import (
    ClientGoneError,
    Exchange,
    Gateway,
    WorkerPools,
    request_id,
    stamp,
)
from llmaas.gateway.direct import GatewayApp, directly
from llmaas.gateway.errors import (
    ApiError,
    InvalidRequest,
    MethodNotAllowed,
    ServerError,
    UnknownUrl,
)
from llmaas.gateway.guardian import guardian_of
from llmaas.gateway.layer import ScreeningMemory, screening_of
from llmaas.gateway.metrics import Metrics
from llmaas.gateway.openapi import openapi_document
from llmaas.gateway.operations import OPERATIONS, Operation
from llmaas.gateway.routing import RoutingTable
from llmaas.gateway.uploads import Uploads
from llmaas.gateway.version import Refusal, Version, stamp_of
from llmaas.workers import ServedModel

BODY_LIMIT_BYTES = 20 * 2**20
KEEP_ALIVE_S = 15.0
_PATHS = [each.path for each in OPERATIONS if not each.admin]

_log = logging.getLogger(__name__)


def create_app(
    bundle: Bundle,
    *,
    workers: WorkerPools,
    deployment: Mapping[str, ServedModel],
    accounts: Accounts,
    docs_dir: Path | None,
    today: Callable[[], date],
    now: Callable[[], float] = time.time,
    keep_alive_s: float = KEEP_ALIVE_S,
    body_limit_bytes: int = BODY_LIMIT_BYTES,
    version: Version | None = None,
    refused: Callable[[], Refusal | None] = lambda: None,
    admin_token: str | None = None,
    screening_memory: ScreeningMemory | None = None,
    metrics: Metrics | None = None,
) -> GatewayApp:
    """Build the gateway of one bundle.

    What outlives a bundle (workers, accounts) is given, so a reload builds a second app beside this
    one and swaps the reference.

    Args:
        bundle: the tables to obey.
        workers: where leases come from.
        deployment: what has weights here, by pool.
        accounts: who may call, and how much.
        docs_dir: the built documentation site; `None` where there is none.
        today: the day in the service's time zone.
        now: Unix time, for `created`.
        keep_alive_s: silence after which a stream sends a comment.
        body_limit_bytes: longest body that is read.
        version: what answers are stamped with; made up from the tables where it is not known.
        refused: the last bundle that was not taken over.
        admin_token: what an operator shows.
        screening_memory: what the prompt-security layer remembers from one bundle to the next.
        metrics: what counts on from one bundle to the next.
    """
    version = version or _version_of(bundle, now)
    gateway = Gateway(
        bundle=bundle,
        table=RoutingTable(bundle),
        workers=workers,
        deployment=deployment,
        meter=Meter(accounts, bundle),
        docs_dir=docs_dir,
        openapi=openapi_document(bundle).encode(),
        today=today,
        now=now,
        keep_alive_s=keep_alive_s,
        body_limit_bytes=body_limit_bytes,
        time_zone=ZoneInfo(bundle.service.time_zone),
        version=version,
        metrics=metrics or Metrics(),
        uploads=Uploads(),
        refused=refused,
        admin_token=admin_token,
        screening=screening_of(bundle, screening_memory),
        guardian=guardian_of(bundle, workers, deployment),
    )
    runs = {operation: _run(gateway, operation) for operation in OPERATIONS}
    stamps = (stamp, stamp_of(version))
    app = GatewayApp(
        route_handlers=[_handler(operation, run) for operation, run in runs.items()],
        exception_handlers={Exception: _answer_exception},
        before_send=stamps,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.direct = {
        (operation.method, operation.path): directly(run, stamps=stamps, known=_as_api_error)
        for operation, run in runs.items()
        if operation.endpoint is not None
    }
    return app


def _version_of(bundle: Bundle, now: Callable[[], float]) -> Version:
    return Version(
        catalogue_sha256=sha256(to_json(bundle).encode()).hexdigest(),
        program_version=metadata.version("llmaas"),
        serving_since=datetime.fromtimestamp(now(), UTC),
    )


def _run(gateway: Gateway, operation: Operation) -> ASGIApp:
    """The operation as plain ASGI, with its line in the audit trail and the metrics."""
    metrics = gateway.metrics

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(gateway, scope, receive, send, operation=operation.id)

        def note(*, status: int, code: str | None = None) -> None:
            if not operation.public:
                audit(exchange, status=status, code=code)
            metrics.ended(exchange, endpoint=operation.endpoint, status=status, code=code)

        metrics.running += 1
        try:
            await operation.run(exchange)
        except ClientGoneError:
            _log.debug("request %s: the client went away", request_id(scope))
            note(status=CLIENT_GONE)
        except ApiError as error:
            note(status=error.status, code=error.code)
            raise
        except Exception:
            note(status=500, code=ServerError.code)
            raise
        else:
            note(status=exchange.status or 200)
        finally:
            metrics.running -= 1

    return run


def _handler(operation: Operation, run: ASGIApp) -> HTTPRouteHandler:
    """The operation as a route: Litestar finds it, the operation does the rest."""

    async def handle() -> ASGIApp:
        return run

    methods = ["GET", "HEAD"] if operation.method == "GET" else [operation.method]
    return HTTPRouteHandler(
        operation.path.replace("}", ":path}"),
        http_method=methods,  # type: ignore[arg-type]
        name=operation.id,
        status_code=200,
    )(handle)


def _answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    known = _as_api_error(request.scope, error)
    return Response(
        msgspec.json.encode(known.envelope),
        status_code=known.status,
        headers=known.headers,
        media_type="application/json",
    )


def _as_api_error(scope: Any, error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    method, path = scope["method"], scope["path"][:200]
    status = error.status_code if isinstance(error, HTTPException) else 500
    if isinstance(error, HTTPException) and status == 404:
        meant = get_close_matches(path, _PATHS, n=1, cutoff=0.8)
        advice = f"Did you mean {meant[0]}?" if meant else "/openapi.json lists every operation."
        return UnknownUrl(f"There is no {path} here. {advice}")
    if isinstance(error, HTTPException) and status == 405:
        return MethodNotAllowed(f"{path} does not answer {method}.", headers=error.headers)
    if isinstance(error, HTTPException) and status == 400:
        return InvalidRequest(error.detail)
    _log.error("request %s failed", request_id(scope), exc_info=error)
    return ServerError(
        "Something went wrong on our side. Try again; x-request-id names this request for support."
    )
