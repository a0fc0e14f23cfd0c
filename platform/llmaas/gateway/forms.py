"""Forms with a file (`multipart/form-data`), read as they arrive."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from llmaas.bundle.audio import MAX_FILE_BYTES
from llmaas.gateway.context import Exchange
from llmaas.gateway.decoding import wrong_value
from llmaas.gateway.errors import BodyTooLarge, FileTooLarge, InvalidRequest, UnsupportedMediaType
from llmaas.gateway.uploads import Upload

FILE = "file"
FIELDS_BYTES = 64 * 2**10
"""Of everything in a form besides its file."""
MAX_PARTS = 64
LIST = "[]"
"""Ends the names of fields that may come several times, as the official clients send them."""

T = TypeVar("T")


@dataclass
class Form:
    """The fields of a form by name; its file is where it was read to."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    has_file: bool = False

    def to(self, into: type[T]) -> T:
        """The fields as a struct; an empty one is one that is absent.

        Raises:
            InvalidRequest: a field is missing or has a wrong value.
        """
        given: dict[str, Any] = {}
        for name, values in self.fields.items():
            filled = [value for value in values if value]
            if name.endswith(LIST):
                given.setdefault(name, []).extend(filled)
            elif filled:
                given[name] = filled[-1]
        try:
            return msgspec.convert(given, type=into, strict=False)
        except msgspec.ValidationError as error:
            raise wrong_value(str(error)) from error


async def read_form(exchange: Exchange, upload: Upload) -> Form:
    """Read a form, and its file into `upload`.

    Raises:
        UnsupportedMediaType: the body is declared to be something else.
        InvalidRequest: it is no form, or has no file.
        BodyTooLarge: more than this service reads; `FileTooLarge` where that is the file's fault.
        Overloaded: all files together are too much for now.
    """
    form, fields_bytes = Form(), 0
    part: MultipartSegment | None = None
    value = bytearray()
    try:
        parser = PushMultipartParser(_boundary(exchange), max_segment_count=MAX_PARTS)
        async for chunk in _chunks(exchange):
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    part, value = event, bytearray()
                elif part is not None and part.name == FILE:
                    form.has_file = True
                    upload.add(event or b"")
                elif event:
                    fields_bytes += len(event)
                    if fields_bytes > FIELDS_BYTES:
                        raise BodyTooLarge(FIELDS_BYTES)
                    value += event
                elif part is not None:
                    form.fields.setdefault(part.name or "", []).append(value.decode())
        parser.close()
    except MultipartError as error:
        raise InvalidRequest(f"The body is not a valid form: {error}.") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest("A field of the form is not valid UTF-8.") from error
    if not form.has_file:
        raise InvalidRequest(f"The field '{FILE}' is required.", param=FILE)
    return form


async def _chunks(exchange: Exchange) -> AsyncGenerator[bytes]:
    try:
        async for chunk in exchange.chunks(MAX_FILE_BYTES + FIELDS_BYTES):
            yield chunk
    except BodyTooLarge as error:
        raise FileTooLarge(MAX_FILE_BYTES) from error


def _boundary(exchange: Exchange) -> str:
    media_type, options = parse_options_header(exchange.header(b"content-type") or "")
    if media_type != "multipart/form-data":
        raise UnsupportedMediaType(
            f"The body is declared as '{media_type}'. Send a form with the file: "
            "'Content-Type: multipart/form-data' (curl: -F file=@recording.mp3)."
        )
    return str(options.get("boundary", ""))
