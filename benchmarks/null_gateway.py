"""Gateways that answer at once, one per process: what is left is what the gateway itself costs.

    full        the gateway of LLMaaS: key, permission, quota, prompt security, ledger, audit trail
    unscreened  the same without prompt security, which no other contender has
    litestar    a handler of the framework
    granian     a bare ASGI application on the same HTTP server

Prints one line of JSON with `url` and `token`, and serves until its standard input closes.
"""

import asyncio
import json
import sys
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import uvloop
from litestar import Litestar, post
from litestar.response import Response

from llmaas.accounts import Accounts, NewKey, Quota, Store
from llmaas.bundle import Bundle, read_bundle
from llmaas.gateway import GatewayServer, create_app, listen, spare_collector
from llmaas.reference import reference_directory
from llmaas.workers import PoolStatus, ServedModel
from llmaas.workers.protocol import Delta, Embed, Embedded, Finished, Generate, Started, Usage

MODEL = "granite3.3:8b"
TEXT = "x" * 300
CHUNKS = 32
ANSWER = json.dumps({"object": "chat.completion", "choices": [{"message": {"content": TEXT}}]})


class NullLease:
    """A worker that has the answer ready."""

    engine_type = "null"
    machine_name = "bench"

    async def generate(self, request: Generate) -> AsyncGenerator[Started | Delta | Finished]:
        """300 bytes, in 32 pieces or, as a worker has it where nobody streams, as a whole."""
        yield Started(0, 12)
        if request.whole:
            yield Delta(0, content=TEXT, completion_tokens=CHUNKS)
            yield Finished(0, "stop", Usage(prompt_tokens=12, completion_tokens=CHUNKS))
            return
        piece = TEXT[: len(TEXT) // CHUNKS]
        for count in range(1, CHUNKS + 1):
            yield Delta(0, content=piece, completion_tokens=count)
        yield Finished(0, "stop", Usage(prompt_tokens=12, completion_tokens=CHUNKS))

    async def embed(self, request: Embed) -> Embedded:
        """Never asked: the benchmark measures answers in text."""
        raise AssertionError("the benchmark asks for no vectors")


class NullWorkers:
    """Always a worker at hand."""

    @asynccontextmanager
    async def lease(self, pool: str, /) -> AsyncIterator[Any]:
        """Nothing to wait for."""
        yield NullLease()

    def status(self) -> Sequence[PoolStatus]:
        """Nothing to say."""
        return ()


def open_accounts(bundle: Bundle, state: Path) -> tuple[Accounts, str]:
    """Accounts with one key, and its token."""
    store = Store(
        state / "accounts.db", master=b"x" * 32, clock_ms=lambda: time.time_ns() // 1_000_000
    )
    accounts = Accounts(
        store, journals=state / "journals", time_zone=ZoneInfo(bundle.service.time_zone)
    )
    # Every limit is set, so that every limit is checked.
    quota = Quota(
        requests_per_minute=10**9,
        output_tokens_per_hour=10**12,
        output_tokens_per_day=10**12,
        monthly_cap_eur=Decimal(10**6),
    )
    _, token = accounts.administration.create_key(NewKey("bench", quota=quota), actor="bench")
    return accounts, token


def full(state: Path, *, screened: bool = True) -> tuple[Any, str, Accounts]:
    """The whole path, on the shipped catalogue."""
    bundle = read_bundle(reference_directory())
    bundle = msgspec.structs.replace(
        bundle, security=msgspec.structs.replace(bundle.security, enabled=screened)
    )
    accounts, token = open_accounts(bundle, state)
    served = {
        spec.pool: ServedModel(
            spec=spec, weights_path=Path("none"), mmproj_path=None, stand_in=False
        )
        for spec in bundle.workers
    }
    app = create_app(
        bundle,
        workers=NullWorkers(),
        deployment=served,
        accounts=accounts,
        docs_dir=None,
        today=lambda: date(2026, 11, 21),
    )
    return app, token, accounts


def litestar() -> Any:
    """What the framework costs by itself."""

    @post("/v1/chat/completions", status_code=200)
    async def chat(data: dict[str, Any]) -> Response[bytes]:
        return Response(ANSWER.encode(), media_type="application/json")

    return Litestar([chat], openapi_config=None, logging_config=None)


async def granian(scope: Any, receive: Any, send: Any) -> None:
    """What the HTTP server costs by itself."""
    if scope["type"] == "lifespan":
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    length = str(len(ANSWER)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER.encode()})


async def serve(kind: str, state: Path) -> None:
    """Serve until standard input closes."""
    token, accounts = "none", None
    if kind in {"full", "unscreened"}:
        app, token, accounts = full(state, screened=kind == "full")
    else:
        app = litestar() if kind == "litestar" else granian
    server = GatewayServer(app, listen("127.0.0.1", 0))
    await server.start()
    spare_collector()
    print(json.dumps({"url": server.url, "token": token, "model": MODEL}), flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True
    ).start()
    await ended.wait()
    await server.stop()
    if accounts is not None:
        accounts.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        uvloop.run(serve(sys.argv[1], Path(directory)))
