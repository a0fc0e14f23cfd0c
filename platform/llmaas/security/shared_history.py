"""Histories of keys that several gateway processes add to, in Valkey or Redis.

What leaves this process is what `history` keeps of a prompt: a digest under a key that only these
processes have, and a trace without a word of the customer. It expires there by itself, and a server
that writes its memory to disk is not used.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from llmaas.security.history import KEYS, TRACES, TTL_S, HistoryUnavailableError, Sent, Step

_SCRIPT = Path(__file__).with_name("shared_history.lua").read_text()
_HASH, _LAST_USED = "llmaas:{history}", "llmaas:{history}:used"
_log = logging.getLogger(__name__)

PATIENCE_S = 0.25
"""How long a request waits for the store."""
PAUSE_S = 5.0
"""After a failure the store is left alone for so long: not every request waits for it."""


class SharedHistory:
    """One process's end of the shared histories. Used on one event loop."""

    def __init__(
        self,
        url: str,
        *,
        now_ms: Callable[[], int],
        clock: Callable[[], float],
        ttl_s: float = TTL_S,
        capacity: int = KEYS,
    ) -> None:
        """Use a server.

        Args:
            url: `redis://` or `valkey://`, with a password where it needs one.
            now_ms: Unix time in milliseconds, about the same in all processes.
            clock: monotonic, in seconds.
            ttl_s: after which the history of a silent key is gone.
            capacity: keys that are remembered.
        """
        self._redis: Any = Redis.from_url(
            url.replace("valkey", "redis", 1),
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
        )
        self._script = self._redis.register_script(_SCRIPT)
        self._now_ms = now_ms
        self._clock = clock
        self._ttl_ms = int(ttl_s * 1000)
        self._capacity = capacity
        self._volatile = False
        """Whether the server was seen to keep nothing on disk."""
        self._silent_until = 0.0

    async def advance(self, key: bytes, sent: Sent, *, window_s: float) -> Step:
        """Remember a prompt of a key, and tell what was there before; one step for all processes.

        Raises:
            HistoryUnavailableError: it cannot be told.
        """
        if self._clock() < self._silent_until:
            raise HistoryUnavailableError("the store failed a moment ago")
        try:
            async with asyncio.timeout(PATIENCE_S):
                if not self._volatile:
                    await self._require_volatile()
                run, *before = await self._script(
                    keys=[_HASH, _LAST_USED],
                    args=[
                        *(self._now_ms(), key, sent.digest, _bytes(sent.trace)),
                        *(int(sent.trace is not None), int(window_s * 1000)),
                        *(self._ttl_ms, self._capacity, TRACES),
                    ],
                )
        except (OSError, RedisError, HistoryUnavailableError) as error:
            self._silent_until = self._clock() + PAUSE_S
            # A server that comes back may be another one.
            self._volatile = False
            _log.error("the shared history of prompts is not used: %s", error or type(error))
            raise HistoryUnavailableError(str(error)) from error
        return Step(tuple(trace.decode() for trace in before), int(run))

    async def _require_volatile(self) -> None:
        try:
            kept = await self._redis.config_get("save", "appendonly")
        except ResponseError as error:
            _log.warning("whether the server writes to disk cannot be seen: %s", error)
            self._volatile = True
            return
        if kept.get("save") or kept.get("appendonly") != "no":
            raise HistoryUnavailableError(
                "the server writes to disk; start one for LLMaaS with --save '' --appendonly no"
            )
        self._volatile = True

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()


def _bytes(trace: str | None) -> bytes:
    return (trace or "").encode("utf-8", "replace")
