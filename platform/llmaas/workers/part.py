"""What has arrived of a download, and of which version of the file."""

import json
from dataclasses import dataclass
from pathlib import Path

from llmaas.workers.hub import RemoteFile


@dataclass(frozen=True)
class Part:
    """A running or interrupted download of one file, on disk next to where the file goes."""

    remote: RemoteFile

    @property
    def path(self) -> Path:
        """The bytes."""
        return self.remote.path.with_name(f"{self.remote.path.name}.part")

    @property
    def record_path(self) -> Path:
        """Which version they are of."""
        return self.remote.path.with_name(f"{self.remote.path.name}.part.json")

    def arrived(self) -> int:
        """Count the bytes that need not be fetched again: those of the version the hub has now."""
        if not self.path.exists() or self._recorded("sha256") != (self.remote.sha256 or ""):
            return 0
        if not self.etag() and not self.remote.sha256:
            return 0
        size = self.path.stat().st_size
        return size if size <= self.remote.size else 0

    def etag(self) -> str:
        """The strong etag of the host that the bytes came from, or nothing."""
        return self._recorded("etag")

    def record(self, etag: str) -> None:
        """Note the version. A weak etag cannot vouch for bytes (RFC 9110, 13.1.5)."""
        strong = "" if etag.startswith("W/") else etag
        version = {"etag": strong, "sha256": self.remote.sha256 or ""}
        self.record_path.write_text(json.dumps(version), encoding="utf-8")

    def discard(self) -> None:
        """Forget what has arrived."""
        self.path.unlink(missing_ok=True)
        self.record_path.unlink(missing_ok=True)

    def _recorded(self, field: str) -> str:
        try:
            recorded = json.loads(self.record_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(recorded.get(field, "")) if isinstance(recorded, dict) else ""
