"""The audit trail: who did what, when, with which outcome. Append-only and chained by hashes.

Every record carries the SHA-256 of itself and of the record before, so a record that was changed,
removed or put in between later breaks the chain at its place. Cutting the end off is noticed too:
the head of the chain is kept beside it, and `llmaas audit export` gives it away to keep elsewhere.
Records whose time is over leave from the old end (see `pruning`); a signed checkpoint stands for
them.

A record has ids, counts and outcomes. It has no text of a prompt or an answer: the types below have
no field for any.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import msgspec

from llmaas.accounts.database import Database


class Access(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="access"):
    """One request to the API."""

    at_ms: int
    request_id: str
    method: str
    operation: str
    """The operation's id, as in the OpenAPI document."""
    status: int
    latency_ms: int
    tenant: str | None = None
    key: str | None = None
    model: str | None = None
    code: str | None = None
    """Code of the error, when it was refused or failed."""
    verdict: str | None = None
    """Of the prompt-security layer."""
    outcome: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="change"):
    """An action of an administrator, or of the service on behalf of a policy."""

    at_ms: int
    actor: str
    action: str
    tenant: str | None = None
    key: str | None = None
    details: dict[str, str] = {}


AuditRecord = Access | Change
_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder: msgspec.json.Decoder[AuditRecord] = msgspec.json.Decoder(Access | Change)


@dataclass(frozen=True)
class AuditLine:
    """A record in its place in the chain."""

    seq: int
    body: str
    hash: str

    @property
    def record(self) -> AuditRecord:
        """What it says."""
        return _decoder.decode(self.body)


def link(previous: str, seq: int, body: str) -> str:
    """The hash of a record that follows the one with the hash `previous`."""
    return sha256(f"{previous}\n{seq}\n{body}".encode()).hexdigest()


def append(database: Database, records: list[AuditRecord]) -> None:
    """Add records to the chain, inside a transaction."""
    if not records:
        return
    ((seq, previous),) = database.execute("select seq, hash from audit_head")
    rows: list[tuple[int | str | None, ...]] = []
    for record in records:
        seq += 1
        body = _encode(record).decode()
        previous = link(previous, seq, body)
        kind = "access" if isinstance(record, Access) else "change"
        rows.append((seq, record.at_ms, record.tenant, kind, body, previous))
    database.execute_many("insert into audit values (?, ?, ?, ?, ?, ?)", rows)
    database.execute("update audit_head set seq = ?, hash = ?", (seq, previous))


def read(database: Database, *, tenant: str | None = None, after: int = 0) -> Iterator[AuditLine]:
    """The records in order; those of one tenant, or all."""
    page = 1000
    only, parameters = ("", ()) if tenant is None else ("tenant = ? and ", (tenant,))
    while True:
        rows = database.execute(
            f"select seq, body, hash from audit where {only}seq > ? order by seq limit {page}",  # noqa: S608
            (*parameters, after),
        )
        yield from (AuditLine(*row) for row in rows)
        if len(rows) < page:
            return
        after = rows[-1][0]


@dataclass(frozen=True)
class Verification:
    """What checking the chain found."""

    records: int
    head: str
    """Hash of the last record."""
    broken_at: int | None
    """The first record that is not what it was, or is missing; `None` when the chain is whole."""
    pruned: int = 0
    """The last record that left when its time was over; the chain begins behind it."""


@dataclass(frozen=True)
class Checkpoint:
    """Where the chain begins after its oldest records left: the last of them, and since when."""

    seq: int = 0
    hash: str = ""
    at_ms: int = 0
    signature: str = ""

    def signed(self, secret: bytes) -> "Checkpoint":
        """The checkpoint as only the service could have written it."""
        return replace(self, signature=self._signature(secret))

    def is_signed(self, secret: bytes) -> bool:
        """Whether the service wrote it. The beginning of everything needs no signature."""
        if self == Checkpoint():
            return True
        return hmac.compare_digest(self.signature, self._signature(secret))

    def _signature(self, secret: bytes) -> str:
        return hmac.new(
            secret, f"{self.seq}\n{self.hash}\n{self.at_ms}".encode(), sha256
        ).hexdigest()


def checkpoint(database: Database) -> Checkpoint:
    """Where the chain begins."""
    rows = database.execute("select seq, hash, at_ms, signature from audit_checkpoint")
    return Checkpoint(*rows[0]) if rows else Checkpoint()


def verify(database: Database, secret: bytes) -> Verification:
    """Check the whole chain, from where it begins to its head.

    Args:
        database: the trail.
        secret: with which the service signs checkpoints.
    """
    with database.snapshot():
        return _verify(database, secret)


def _verify(database: Database, secret: bytes) -> Verification:
    ((head_seq, head),) = database.execute("select seq, hash from audit_head")
    begin = checkpoint(database)
    pruned = begin.seq
    if not begin.is_signed(secret):
        return Verification(0, "", pruned, pruned)
    previous, seq = begin.hash, begin.seq
    for line in read(database):
        seq += 1
        if line.seq != seq or link(previous, line.seq, line.body) != line.hash:
            return Verification(seq - 1 - pruned, previous, seq, pruned)
        previous = line.hash
    if (seq, previous) != (head_seq, head):
        return Verification(seq - pruned, previous, seq + 1, pruned)
    return Verification(seq - pruned, head, None, pruned)
