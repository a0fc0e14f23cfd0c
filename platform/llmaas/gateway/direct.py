"""The framework's app, with a shorter way to the operations that models answer.

Litestar finds a route, makes a request object and runs its layers around an operation that is plain
ASGI anyway. That is a good part of what a request costs here, so the few paths that are called all
the time are looked up by name; everything else, and whatever is misspelt, takes the framework's
way. Both ways end in the same headers and the same errors.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from llmaas.gateway.errors import ApiError

Stamp = Callable[[Message, Scope], Awaitable[None]]
"""Adds headers to the message that begins an answer."""


class GatewayApp(Litestar):
    """The app of one bundle."""

    direct: Mapping[tuple[str, str], ASGIApp]
    """What answers at once, by method and path."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        if scope["type"] == "http":
            run = self.direct.get((scope["method"], scope["path"]))
            if run is not None:
                await run(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def directly(
    run: ASGIApp, *, stamps: tuple[Stamp, ...], known: Callable[[Scope, Exception], ApiError]
) -> ASGIApp:
    """An operation that stamps its own answer and tells its own errors.

    Args:
        run: the operation.
        stamps: what every answer gets.
        known: the error that a caller is told.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_params"] = {}
        scope["state"] = {}
        begun = False

        async def stamped(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                for stamp in stamps:
                    await stamp(message, scope)
            await send(message)

        try:
            await run(scope, receive, stamped)
        except Exception as error:
            if begun:
                raise
            told = known(scope, error)
            body = msgspec.json.encode(told.envelope)
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                *((name.encode(), value.encode("latin-1")) for name, value in told.headers.items()),
            ]
            await stamped(
                {"type": "http.response.start", "status": told.status, "headers": headers}
            )
            await send({"type": "http.response.body", "body": body, "more_body": False})

    return answer
