"""Files of requests: in memory only, so none outlives its request, and bounded all together."""

from types import TracebackType
from typing import Self

from llmaas.bundle.audio import MAX_FILE_BYTES
from llmaas.gateway.errors import FileTooLarge, Overloaded

MAX_HELD_BYTES = 256 * 2**20
RETRY_AFTER_S = 10


class Uploads:
    """What all requests of one app hold together."""

    def __init__(self, limit_bytes: int = MAX_HELD_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0


class Upload:
    """The file of one request, as it arrives; it is counted until the context is left."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._data = bytearray()
        self._counted = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._uploads.held_bytes -= self._counted
        self._data = bytearray()

    def add(self, data: bytes | bytearray) -> None:
        """Take what arrived.

        Raises:
            FileTooLarge: the file is longer than this service reads.
            Overloaded: all files together are.
        """
        uploads = self._uploads
        if self._counted + len(data) > MAX_FILE_BYTES:
            raise FileTooLarge(MAX_FILE_BYTES)
        if uploads.held_bytes + len(data) > uploads.limit_bytes:
            raise Overloaded(
                "The service holds as many files as it can. Try again in a moment.",
                retry_after_s=RETRY_AFTER_S,
            )
        uploads.held_bytes += len(data)
        self._counted += len(data)
        self._data += data

    def take(self) -> bytes:
        """The file; no copy of it stays here."""
        data, self._data = bytes(self._data), bytearray()
        return data
