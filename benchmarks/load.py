"""A load generator that costs little: kept-alive connections, one request at a time on each.

Every request is another one: the first `NUMBER` in its body is counted up, so that no cache of
answers or verdicts makes the second request cheaper than the first.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

NUMBER = "00000000"


@dataclass(frozen=True)
class Load:
    """What some connections measured."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    first_byte_p50_ms: float


_numbers = itertools.count()


class _Connection(asyncio.Protocol):
    """One connection: sends the request again whenever its answer is complete."""

    def __init__(self, request: bytes, until: float) -> None:
        self.latencies: list[float] = []
        self.first_bytes: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._head, _, self._tail = request.partition(NUMBER.encode())
        self._until = until
        self._buffer = bytearray()
        self._sent = 0.0
        self._length: int | None = None
        self._chunked = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport  # type: ignore[assignment]
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._buffer.clear()
        self._length, self._chunked = None, False
        self._sent = time.perf_counter()
        self._transport.write(b"%b%08d%b" % (self._head, next(_numbers), self._tail))

    def data_received(self, data: bytes) -> None:
        """Collect an answer."""
        if not self._buffer:
            self.first_bytes.append(time.perf_counter() - self._sent)
        self._buffer += data
        if self._length is None and not self._chunked:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            if not head.startswith((b"http/1.1 200", b"http/1.0 200")):
                self.done.set_exception(RuntimeError(self._buffer[:600].decode()))
                return
            self._chunked = b"transfer-encoding: chunked" in head
            if not self._chunked:
                at = head.index(b"content-length:") + 15
                self._length = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
        if self._chunked:
            complete = self._buffer.endswith(b"0\r\n\r\n")
        else:
            complete = self._length is not None and len(self._buffer) >= self._length
        if complete:
            now = time.perf_counter()
            self.latencies.append(now - self._sent)
            if now < self._until:
                self._send()
            else:
                assert self._transport is not None
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if not self.done.done():
            self.done.set_result(None)


async def measure(
    url: str, *, body: bytes, token: str, connections: int, seconds: float, warm_s: float = 1.0
) -> Load:
    """Ask on so many connections for so long, after a warm-up that is not counted."""
    parts = urlsplit(url)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {parts.netloc}\r\n"
        f"authorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    await _run(parts.hostname, parts.port, request, connections, warm_s)
    began = time.perf_counter()
    made = await _run(parts.hostname, parts.port, request, connections, seconds)
    took = time.perf_counter() - began
    latencies = sorted(latency for each in made for latency in each.latencies)
    first = sorted(latency for each in made for latency in each.first_bytes)
    return Load(
        requests_per_s=len(latencies) / took,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[int(len(latencies) * 0.99)] * 1000,
        first_byte_p50_ms=first[len(first) // 2] * 1000,
    )


async def _run(
    host: str | None, port: int | None, request: bytes, connections: int, seconds: float
) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    made = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(lambda: _Connection(request, until), host, port)
        made.append(protocol)
    await asyncio.gather(*(each.done for each in made))
    return made
