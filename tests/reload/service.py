"""A service with real workers, which takes commands as `llmaas up` does, on a loop in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvloop
from tests.gateway.a_bundle import TODAY
from tests.gateway.serving import open_accounts
from tests.reload.versions import files, sha

from llmaas.accounts import NewKey
from llmaas.cli.service.bundle_store import BundleStore
from llmaas.cli.service.control import Refused, Serve, Served, listening, tell
from llmaas.cli.service.deployment import deploy
from llmaas.cli.service.listener import take_port
from llmaas.cli.service.preparing import Preparing
from llmaas.cli.service.reload import Reloader
from llmaas.cli.service.running import Running, Service

PATIENCE_S = 120
ADMIN = "admin"


@dataclass
class Live:
    """A running service, from outside."""

    running: Running
    store: BundleStore
    state: Path
    token: str
    loop: asyncio.AbstractEventLoop

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.running.url, headers=headers, timeout=PATIENCE_S)

    def publish(self, version: int, *, broken: bool = False) -> str:
        return self.store.publish(files(version, broken=broken), catalogue=None)

    def ask(self, bundle: str, action: Any = "apply") -> Served | Refused:
        return tell(self.state, Serve(bundle, action), on_step=lambda _: None)

    def apply(self, version: int) -> Served:
        answer = self.ask(self.publish(version))
        assert isinstance(answer, Served), answer
        return answer

    def pids(self) -> dict[str, int | None]:
        return {pool.pool: pool.pid for pool in self.running._workers.status()}


class _AtToday(Preparing):
    """The day is the test's."""

    def __call__(self, bundle_id: str, before: Service, progress: Any) -> Service:
        return replace(super().__call__(bundle_id, before, progress), today=lambda: TODAY)


@contextmanager
def live(directory: Path, weights_dir: Path, *, windows: str | None = None) -> Iterator[Live]:
    """Serve version 0 until the block ends."""
    state = directory / "state"
    state.mkdir()
    store = BundleStore(state / "bundles", state / "bundle")
    first = store.publish(files(0), catalogue=None)
    store.point_to(first)
    accounts = open_accounts(directory)
    _, token = accounts.administration.create_key(NewKey("test"), actor="a test")
    preparing = _AtToday(store, (), weights_dir, None, None)
    from tests.reload.versions import bundle

    deployment = deploy(bundle(0), weights_dir=weights_dir, stand_ins=None)
    service = deployment.service(
        catalogue_sha256=sha(0),
        accounts=accounts,
        docs_dir=None,
        memory_budget_bytes=2**40,
        admin_token=ADMIN,
        windows=windows,
    )
    listener = take_port("127.0.0.1", 0)
    loop = uvloop.new_event_loop()
    found: list[Running] = []
    up, down = threading.Event(), asyncio.Event()

    async def serve() -> None:
        running = Running(replace(service, today=lambda: TODAY, n_threads=1), listener)
        try:
            await running.start()
            async with listening(state, Reloader(running, store, preparing)):
                found.append(running)
                up.set()
                await down.wait()
        finally:
            await running.stop()
            up.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="service")
    thread.start()
    try:
        up.wait(PATIENCE_S)
        yield Live(found[0], store, state, token, loop)
    finally:
        loop.call_soon_threadsafe(down.set)
        thread.join()
        loop.close()
        accounts.close()
