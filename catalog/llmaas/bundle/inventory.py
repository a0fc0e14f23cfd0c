"""The data inventory: every class of data that the platform keeps, where, how long and for whom.

It is a fact about the platform, not about one catalogue. The documentation's page is made of it,
and tests hold it against the schema of the database and against the files of a running service: a
column or a file that is in no class fails them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

Memory = Literal["gateway", "worker"]
Kept = Literal[
    "answer",
    "reuse",
    "window",
    "stream",
    "audit_retention",
    "until_removed",
    "until_replaced",
    "operator",
]
"""How long: the names have texts in the vocabulary; `audit_retention` is the catalogue's figure."""
Encryption = Literal["none", "sealed", "hashed", "wrapped", "owner_only"]
Reader = Literal["software", "operator", "tenant", "everyone"]


@dataclass(frozen=True, kw_only=True)
class DataClass:
    """One class of data."""

    id: str
    kept: Kept
    encrypted: Encryption
    readers: tuple[Reader, ...]
    memory: tuple[Memory, ...] = ()
    """Processes that hold it without writing it down."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of the database of accounts, by table."""
    files: tuple[str, ...] = ()
    """Below the state directory, as patterns."""
    shared_memory: bool = False
    """Also in Valkey or Redis, where several gateway processes share it."""

    def has_file(self, path: str) -> bool:
        """Whether a path below the state directory is of this class."""
        return any(fnmatchcase(path, pattern) for pattern in self.files)


INVENTORY: tuple[DataClass, ...] = (
    DataClass(
        id="prompts",
        memory=("gateway", "worker"),
        kept="answer",
        encrypted="none",
        readers=("software",),
    ),
    DataClass(
        id="answers",
        memory=("gateway", "worker"),
        kept="answer",
        encrypted="none",
        readers=("software",),
    ),
    DataClass(
        id="model_state", memory=("worker",), kept="reuse", encrypted="none", readers=("software",)
    ),
    DataClass(
        id="prompt_marks",
        memory=("gateway",),
        shared_memory=True,
        kept="window",
        encrypted="none",
        readers=("software",),
    ),
    DataClass(
        id="windows",
        memory=("gateway",),
        shared_memory=True,
        kept="window",
        encrypted="none",
        readers=("software", "tenant"),
    ),
    DataClass(
        id="names",
        columns={
            "tenant": ("name_sealed", "delivery_sealed"),
            "contact": ("mail_sealed", "webhook_sealed"),
            "api_key": ("name_sealed",),
        },
        kept="until_removed",
        encrypted="sealed",
        readers=("operator",),
    ),
    DataClass(
        id="key_secrets",
        columns={"api_key": ("secret_hash",)},
        kept="until_removed",
        encrypted="hashed",
        readers=("software",),
    ),
    DataClass(
        id="terms",
        columns={
            "tenant": (
                "id",
                "tier",
                "quota",
                "prepaid",
                "credited_pico",
                "spent_pico",
                "created_ms",
                "closed_ms",
            ),
            "contact": ("id", "language"),
            "api_key": (
                "id",
                "tenant",
                "models",
                "endpoints",
                "quota",
                "created_ms",
                "expires_ms",
                "revoked_ms",
                "rotate_days",
                "grace_hours",
                "successor",
                "handed_over_ms",
            ),
        },
        kept="until_removed",
        encrypted="none",
        readers=("operator", "tenant"),
    ),
    DataClass(
        id="payments",
        columns={"credit": ("id", "tenant", "amount_pico", "reference", "at_ms")},
        kept="until_removed",
        encrypted="none",
        readers=("operator", "tenant"),
    ),
    DataClass(
        id="ledger",
        columns={
            "ledger": (
                "request_id",
                "tenant",
                "key_id",
                "model",
                "endpoint",
                "month",
                "admitted_ms",
                "settled_ms",
                "prompt_tokens",
                "completion_tokens",
                "reasoning_tokens",
                "audio_seconds",
                "rates",
                "cost_pico",
                "energy_uwh",
                "outcome",
            )
        },
        kept="until_removed",
        encrypted="none",
        readers=("operator", "tenant"),
    ),
    DataClass(
        id="audit",
        columns={
            "audit": ("seq", "at_ms", "tenant", "kind", "body", "hash"),
            "audit_head": ("seq", "hash"),
            "audit_checkpoint": ("seq", "hash", "at_ms", "signature"),
        },
        kept="audit_retention",
        encrypted="none",
        readers=("operator",),
    ),
    DataClass(
        id="notices",
        columns={"notice": ("tenant", "model", "told", "channel", "at_ms", "outcome")},
        kept="until_removed",
        encrypted="none",
        readers=("operator", "tenant"),
    ),
    DataClass(
        id="vault_keys",
        columns={"wrapped_key": ("id", "purpose", "wrapped", "created_ms", "retired_ms")},
        kept="until_removed",
        encrypted="wrapped",
        readers=("software",),
    ),
    DataClass(
        id="housekeeping",
        columns={"counter": ("name", "value"), "schema_version": ("version",)},
        files=("lock", "control"),
        kept="until_replaced",
        encrypted="none",
        readers=("software",),
    ),
    DataClass(
        id="journals",
        files=("journals/*",),
        kept="stream",
        encrypted="owner_only",
        readers=("software",),
    ),
    DataClass(
        id="master_secret",
        files=("secret", "secret.next"),
        kept="until_replaced",
        encrypted="owner_only",
        readers=("software", "operator"),
    ),
    DataClass(
        id="operator_secrets",
        files=("admin-token", "local-key"),
        kept="until_replaced",
        encrypted="owner_only",
        readers=("operator",),
    ),
    DataClass(
        id="log",
        files=("logs/*",),
        kept="operator",
        encrypted="owner_only",
        readers=("operator",),
    ),
    DataClass(
        id="catalogues",
        files=("bundle", "bundles/*"),
        kept="until_replaced",
        encrypted="none",
        readers=("operator",),
    ),
    DataClass(
        id="weights",
        files=("weights/*", "stand-ins/*"),
        kept="until_removed",
        encrypted="none",
        readers=("software", "operator"),
    ),
    DataClass(
        id="documentation",
        files=("docs/*",),
        kept="until_replaced",
        encrypted="none",
        readers=("everyone",),
    ),
)
DATABASE_FILES = ("accounts.db", "accounts.db-wal", "accounts.db-shm", "accounts.db.before*")
"""The embedded database; what is in it is told column by column."""


def class_of_column(table: str, column: str) -> tuple[DataClass, ...]:
    """The classes that name a column: one, if the inventory is right."""
    return tuple(each for each in INVENTORY if column in each.columns.get(table, ()))


def class_of_file(path: str) -> tuple[DataClass, ...]:
    """The classes that name a path below the state directory: one, if the inventory is right."""
    return tuple(each for each in INVENTORY if each.has_file(path))
