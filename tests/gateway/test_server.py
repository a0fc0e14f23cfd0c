import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.a_bundle import CHAT
from tests.gateway.scripted_workers import ScriptedWorkers, answering
from tests.gateway.serving import Gateway, serving

from llmaas.gateway import ListenError, listen

BODY: Any = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}]}


def test_a_taken_port_is_told_with_a_remedy() -> None:
    first = listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(ListenError, match=f"port {port} of 127.0.0.1 is taken; .* another port"):
        listen("127.0.0.1", port)
    first.close()
    listen("127.0.0.1", port).close()


def test_a_second_service_cannot_share_the_port_of_a_running_one(gateway: Gateway) -> None:
    with pytest.raises(ListenError, match="is taken"):
        listen("127.0.0.1", gateway.server.port)
    sharing = socket.socket()
    sharing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    with sharing, pytest.raises(OSError, match="in use"):
        sharing.bind(("127.0.0.1", gateway.server.port))


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)
    with pytest.raises(ListenError, match="give an address of this machine"):
        listen("no such host", 0)


def _held(tmp_path: Path, grace_s: float, **fields: Any) -> tuple[Any, Any]:
    """Stop a gateway while a request runs; the gate opens when `stop` has begun."""
    gate, reached = asyncio.Event(), threading.Event()

    async def hold() -> None:
        reached.set()
        await gate.wait()

    found: list[Any] = []
    workers = ScriptedWorkers(script=[answering()[0], hold, *answering("Hello")[1:]])
    with serving(tmp_path, workers=workers, grace_s=grace_s) as gateway:

        def ask() -> None:
            try:
                found.append(gateway.http().post("/v1/chat/completions", json=BODY | fields))
            except httpx.HTTPError as error:
                found.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        assert reached.wait(30)

        async def stop() -> None:
            stopping = asyncio.ensure_future(gateway.server.stop())
            await asyncio.sleep(0)
            if grace_s > 1:
                gate.set()
            await stopping

        gateway.run(stop())
        thread.join()
        with pytest.raises(httpx.ConnectError):
            gateway.http().get("/health/live")
    return found[0], workers


@pytest.mark.parametrize("stream", [False, True])
def test_stopping_lets_running_requests_finish(tmp_path: Path, stream: bool) -> None:
    answer, workers = _held(tmp_path, 30, stream=stream)
    assert answer.status_code == 200
    assert "Hello" in answer.text
    assert workers.leases == 0


def test_what_outlasts_the_grace_period_is_answered_503(tmp_path: Path) -> None:
    answer, workers = _held(tmp_path, 0.05, stream=False)
    assert answer.status_code == 503
    assert "shutting down" in answer.json()["error"]["message"]
    assert {"retry-after", "x-request-id"} <= set(answer.headers)
    assert workers.cancelled.is_set()
    assert workers.leases == 0


def test_a_stream_that_outlasts_the_grace_period_breaks_off_visibly(tmp_path: Path) -> None:
    broken, workers = _held(tmp_path, 0.05, stream=True)
    assert isinstance(broken, httpx.RemoteProtocolError)
    assert workers.cancelled.is_set()
    assert workers.leases == 0


def test_stopping_is_not_held_up_by_idle_connections(gateway: Gateway) -> None:
    assert gateway.http().get("/health/live").status_code == 200
    gateway.run(gateway.server.stop())
    gateway.run(gateway.server.wait())


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /hea",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{",
    ],
)
def test_stopping_is_not_held_up_by_a_request_that_never_comes(tmp_path: Path, sent: bytes) -> None:
    with (
        serving(tmp_path, grace_s=0.05) as gateway,
        socket.create_connection(("127.0.0.1", gateway.server.port)) as connection,
    ):
        connection.sendall(sent)
        assert gateway.http().get("/health/live").status_code == 200
        gateway.run(gateway.server.stop())


def test_requests_go_to_the_app_that_is_there_now(gateway: Gateway) -> None:
    client = gateway.http()
    assert client.get("/health/live").json() == {"status": "ok"}

    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    gateway.server.app = other
    assert client.get("/health/live").status_code == 418


def test_a_running_request_ends_on_the_app_it_began_with(tmp_path: Path) -> None:
    gate, reached = asyncio.Event(), threading.Event()

    async def hold() -> None:
        reached.set()
        await gate.wait()

    workers = ScriptedWorkers([answering("a")[0], hold, *answering("Hello")[1:]])
    found: list[Any] = []
    with serving(tmp_path, workers=workers) as gateway:
        client = gateway.http()

        def ask() -> None:
            found.append(client.post("/v1/chat/completions", json=BODY))

        thread = threading.Thread(target=ask)
        thread.start()
        reached.wait()

        async def other(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def switch() -> tuple[Any, int]:
            before = gateway.server.switch(other)
            return before, gateway.server.running(before)

        before, running = gateway.run(switch())
        assert running == 1
        assert gateway.http().get("/health/live").status_code == 418

        async def drained() -> bool:
            waiting = asyncio.ensure_future(gateway.server.drained(before))
            await asyncio.sleep(0)
            early = waiting.done()
            gate.set()
            await waiting
            return early

        assert gateway.run(drained()) is False
        thread.join()
    assert found[0].status_code == 200
