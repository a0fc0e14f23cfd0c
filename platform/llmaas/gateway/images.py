"""Images of a conversation: `data:` URIs become files for the worker, or an error that names one.

Nothing is decoded here and nothing is fetched. What can be said from a header is said before a
worker is asked: a picture of a few kilobytes may claim to have a billion pixels.
"""

import asyncio
import binascii
import re
from collections.abc import Iterator

from llmaas.bundle.images import FORMATS, MAX_BYTES, MAX_ELONGATION, MAX_IMAGES, MAX_PIXELS
from llmaas.gateway.context import Exchange
from llmaas.gateway.errors import ImageTooLarge, InvalidRequest, UnsupportedValue
from llmaas.gateway.image_headers import image_size
from llmaas.gateway.resolution import Target, callable_targets
from llmaas.gateway.wire import ChatRequest
from llmaas.gateway.wire.messages import ImagePart, ImageUrlPart
from llmaas.workers.protocol import ImageInput

_DATA = re.compile(r"data:(?P<type>[^;,]*)(?P<parameters>(?:;[^;,]*)*),", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_TYPES = frozenset({f"image/{name.lower()}" for name in FORMATS} | {"image/jpg"})
PIECE = 2**18
"""Characters that are decoded between two turns of others: ten megabytes at once take a tenth of a
second. A multiple of four."""
_NAMES = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
_HOW = "Send the image itself, as 'data:image/png;base64,…'."


async def read_images(exchange: Exchange, request: ChatRequest, target: Target) -> list[ImageInput]:
    """The images in the order of the conversation.

    Raises:
        UnsupportedValue: the model reads none.
        InvalidRequest: there are too many, or one is none that is read.
        ImageTooLarge: a file has too many bytes.
    """
    found = list(_found(request))
    if not found:
        return []
    if "image" not in target.model.route.input_modalities:
        raise _blind(exchange, target, found[0][0])
    if len(found) > MAX_IMAGES:
        raise InvalidRequest(
            f"The request has {len(found)} images; {MAX_IMAGES} are the most.",
            param=found[MAX_IMAGES][0],
        )
    return [ImageInput(await _file(url, param), param) for param, url in found]


def image_characters(request: ChatRequest) -> int:
    """Characters of a request that are images, not text."""
    return sum(len(url) for _, url in _found(request))


def _found(request: ChatRequest) -> Iterator[tuple[str, str]]:
    for number, message in enumerate(request.messages):
        if isinstance(message.content, list):
            for index, part in enumerate(message.content):
                if isinstance(part, ImageUrlPart):
                    yield f"messages[{number}].content[{index}]", part.image_url.url
                elif isinstance(part, ImagePart):
                    yield f"messages[{number}].content[{index}]", part.image


async def _file(url: str, param: str) -> bytes:
    start = _DATA.match(url)
    if start is None:
        if _ADDRESS.match(url):
            raise InvalidRequest(
                f"The image of '{param}' is an address, and this service fetches nothing. {_HOW}",
                param=param,
            )
        raise InvalidRequest(f"The image of '{param}' is no data: URI. {_HOW}", param=param)
    media_type = start["type"].strip().lower()
    if media_type not in _TYPES:
        raise InvalidRequest(
            f"The image of '{param}' is declared as '{media_type}'; {_NAMES} are read.", param=param
        )
    if start["parameters"].lower().rpartition(";")[2].strip() != "base64":
        raise InvalidRequest(f"The image of '{param}' is not in base64. {_HOW}", param=param)
    data = await _decoded(url, start.end(), param)
    size = image_size(data)
    if size is None:
        raise InvalidRequest(
            f"The data of '{param}' is no {_NAMES} file, or is cut off.", param=param
        )
    width, height = size
    if width * height > MAX_PIXELS:
        raise InvalidRequest(
            f"The image of '{param}' has {width} × {height} = {width * height} pixels; "
            f"{MAX_PIXELS} are the most.",
            param=param,
        )
    if min(size) == 0 or max(size) > MAX_ELONGATION * min(size):
        raise InvalidRequest(
            f"The image of '{param}' has {width} × {height} pixels; one side may be at most "
            f"{MAX_ELONGATION} times as long as the other.",
            param=param,
        )
    return data


async def _decoded(url: str, start: int, param: str) -> bytes:
    def broken(reason: str) -> InvalidRequest:
        return InvalidRequest(f"The base64 of '{param}' is broken: {reason}.", param=param)

    if not url.isascii():
        raise broken("it has other characters")
    # Some programs break base64 into lines.
    text = url[start:].encode("ascii").translate(None, b" \t\r\n")
    if len(text) * 3 // 4 > MAX_BYTES + 2:
        raise ImageTooLarge(MAX_BYTES, param=param)
    if b"=" in text[:-2]:
        raise broken("it goes on behind its end")
    data = bytearray()
    for at in range(0, len(text), PIECE):
        try:
            data += binascii.a2b_base64(text[at : at + PIECE], strict_mode=True)
        except binascii.Error as error:
            raise broken(str(error).lower()) from error
        await asyncio.sleep(0)
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(MAX_BYTES, param=param)
    return bytes(data)


def _blind(exchange: Exchange, target: Target, param: str) -> UnsupportedValue:
    assert exchange.key is not None, "the caller is known"
    callable_now = callable_targets(exchange.gateway, exchange.key)
    routes = (each.model.route for each in callable_now)
    seeing = sorted(route.model for route in routes if "image" in route.input_modalities)
    others = f"These do: {', '.join(seeing)}." if seeing else "No model of this service does."
    return UnsupportedValue(
        f"The model '{target.model.route.model}' reads no images. {others}", param=param
    )
