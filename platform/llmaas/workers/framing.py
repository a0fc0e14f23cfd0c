"""Messages as frames on a byte stream: 4 bytes of length (big-endian), then MessagePack."""

from typing import Any, Generic, TypeVar

import msgspec

MAX_FRAME_BYTES = 64 * 2**20
"""A peer that announces more is broken: fail before its memory is ours."""

_LENGTH_BYTES = 4
_encoder = msgspec.msgpack.Encoder()

MessageT = TypeVar("MessageT")


class FrameError(Exception):
    """The bytes are no frame of this protocol, or a message does not fit one."""


def encode_frame(message: msgspec.Struct) -> bytes:
    """One message, ready to be written.

    Raises:
        FrameError: the message is larger than `MAX_FRAME_BYTES`, or holds what no frame can.
    """
    frame = bytearray(_LENGTH_BYTES)
    try:
        _encoder.encode_into(message, frame, _LENGTH_BYTES)
    except (UnicodeEncodeError, OverflowError) as error:
        # Half a surrogate pair, or a number of more than 64 bits.
        raise FrameError(f"{type(message).__name__} cannot be encoded: {error}") from error
    size = len(frame) - _LENGTH_BYTES
    if size > MAX_FRAME_BYTES:
        raise FrameError(
            f"{type(message).__name__} of {size} bytes; a frame holds {MAX_FRAME_BYTES}"
        )
    frame[:_LENGTH_BYTES] = size.to_bytes(_LENGTH_BYTES, "big")
    return bytes(frame)


class FrameDecoder(Generic[MessageT]):
    """Turns chunks, cut anywhere, into the messages they complete."""

    def __init__(self, message_type: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[MessageT] = msgspec.msgpack.Decoder(message_type)
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[MessageT]:
        """Messages completed by `chunk`, in order.

        Raises:
            FrameError: a frame is too large or is no message of the expected type.
        """
        self._buffer += chunk
        messages: list[MessageT] = []
        start = 0
        with memoryview(self._buffer) as view:
            while len(view) - start >= _LENGTH_BYTES:
                body = start + _LENGTH_BYTES
                size = int.from_bytes(view[start:body], "big")
                if size > MAX_FRAME_BYTES:
                    raise FrameError(f"frame of {size} bytes announced; {MAX_FRAME_BYTES} is most")
                if len(view) - body < size:
                    break
                try:
                    messages.append(self._decoder.decode(view[body : body + size]))
                except msgspec.DecodeError as error:
                    raise FrameError(f"not a message of this protocol: {error}") from error
                start = body + size
        del self._buffer[:start]
        return messages
