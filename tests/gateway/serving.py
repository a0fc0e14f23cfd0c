"""A gateway on a real socket, on an event loop of its own in a thread."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx
import uvloop
from openai import OpenAI
from tests.gateway.a_bundle import TODAY, make_bundle, make_deployment
from tests.gateway.scripted_workers import ScriptedWorkers

from llmaas.accounts import Accounts, ApiKey, NewKey, Store
from llmaas.bundle import Bundle
from llmaas.gateway import GatewayServer, create_app, listen
from llmaas.workers import ServedModel, Workers, plan_deployment
from llmaas.workers.stand_in import make_stand_ins

T = TypeVar("T")
NOW = 1764000000.0
PATIENCE_S = 30


def open_accounts(directory: Path) -> Accounts:
    """Accounts in SQLite, whose clock stands still."""
    store = Store(
        directory / "accounts.db", master=b"a master secret", clock_ms=lambda: int(NOW * 1000)
    )
    return Accounts(store, journals=directory / "journals", time_zone=ZoneInfo("Europe/Paris"))


@dataclass
class Gateway:
    """What a test needs of a running gateway."""

    url: str
    token: str
    accounts: Accounts
    workers: Any
    server: GatewayServer
    loop: asyncio.AbstractEventLoop
    clients: ExitStack
    _shared: httpx.Client | None = None

    def create_key(self, **options: Any) -> tuple[ApiKey, str]:
        """A further key."""
        return self.accounts.administration.create_key(NewKey("another", **options), actor="a test")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the gateway's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)

    def http(self, token: str | None = "") -> httpx.Client:
        """A client that authenticates; `None` does not."""
        headers = {} if token is None else {"authorization": f"Bearer {token or self.token}"}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_S)
        return self.clients.enter_context(client)

    def shared(self) -> httpx.Client:
        """One authenticated client for many requests."""
        if self._shared is None:
            self._shared = self.http()
        return self._shared

    def openai(self, token: str = "") -> OpenAI:
        """The official client."""
        client = OpenAI(
            base_url=f"{self.url}/v1",
            api_key=token or self.token,
            max_retries=0,
            timeout=PATIENCE_S,
        )
        return self.clients.enter_context(client)


@contextmanager
def serving(
    tmp_path: Path,
    *,
    workers: Any = None,
    bundle: Bundle | None = None,
    deployment: dict[str, ServedModel] | None = None,
    grace_s: float = 10.0,
    **options: Any,
) -> Iterator[Gateway]:
    """Serve until the block ends."""
    ready = threading.Event()
    loop = uvloop.new_event_loop()
    accounts = open_accounts(tmp_path)
    _, token = accounts.administration.create_key(NewKey("test"), actor="a test")
    listener = listen("127.0.0.1", 0)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.call_soon(ready.set)
        loop.run_forever()

    thread = threading.Thread(target=run, name="gateway")
    thread.start()
    ready.wait()

    async def start() -> tuple[GatewayServer, Any]:
        backends = workers or ScriptedWorkers()
        app = create_app(
            bundle or make_bundle(),
            workers=backends,
            deployment=make_deployment() if deployment is None else deployment,
            accounts=accounts,
            docs_dir=options.pop("docs_dir", None),
            today=options.pop("today", lambda: TODAY),
            now=lambda: NOW,
            **options,
        )
        server = GatewayServer(app, listener, grace_s=grace_s)
        await server.start()
        return server, backends

    try:
        started = asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE_S)
        server, backends = started
        try:
            with ExitStack() as clients:
                yield Gateway(server.url, token, accounts, backends, server, loop, clients)
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        accounts.close()


@contextmanager
def serving_stand_ins(directory: Path, bundle: Bundle | None = None) -> Iterator[Gateway]:
    """Serve real workers with stand-in weights until the block ends."""
    bundle = bundle or make_bundle()
    deployment = plan_deployment(
        bundle.workers,
        weights_dir=directory / "weights",
        stand_ins=make_stand_ins(directory / "stand-ins"),
    )
    workers = Workers(deployment, memory_budget_bytes=4 * 2**30, machine_name="here", n_threads=1)
    with serving(directory, workers=workers, bundle=bundle, deployment=deployment) as running:
        running.run(workers.start())
        try:
            yield running
        finally:
            running.run(workers.stop())
