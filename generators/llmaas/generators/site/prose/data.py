"""The rows of the data inventory as a page shows them, in the words of one language."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from llmaas.bundle.inventory import INVENTORY, DataClass

Word = Callable[[str, str], str]
"""The word of the vocabulary for a category and a key."""


@dataclass(frozen=True)
class Row:
    """One class of data, in words."""

    data: str
    where: str
    kept: str
    encrypted: str
    readers: str


def rows(word: Any, *, audit_days: str | None) -> tuple[Row, ...]:
    """The whole inventory.

    Args:
        word: the vocabulary of the language (a `Word`; templates do not say so).
        audit_days: how long the audit trail is kept, in words; `None` is without limit.
    """
    return tuple(_row(each, word, audit_days) for each in INVENTORY)


def _row(each: DataClass, word: Word, audit_days: str | None) -> Row:
    kept = word("data_kept", each.kept)
    if each.kept == "audit_retention" and audit_days is not None:
        kept = audit_days
    return Row(
        data=word("data", each.id),
        where="<br>".join(_places(each, word)),
        kept=kept,
        encrypted=word("data_encryption", each.encrypted) if _on_disk(each) else "—",
        readers=", ".join(word("data_reader", reader) for reader in each.readers),
    )


def _on_disk(each: DataClass) -> bool:
    return bool(each.columns or each.files)


def _places(each: DataClass, word: Word) -> Iterator[str]:
    for process in each.memory:
        yield word("data_memory", process)
    if each.shared_memory:
        yield "Valkey, Redis"
    if each.columns:
        tables = ", ".join(f"`{table}`" for table in each.columns)
        yield f"`accounts.db` / PostgreSQL: {tables}"
    for pattern in each.files:
        yield f"`{pattern.removesuffix('*')}`"
