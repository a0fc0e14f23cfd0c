"""Retention of the audit trail: records older than the catalogue wants leave from the old end.

What is left must still prove itself. The last record that leaves is kept as a checkpoint, signed
with a secret that is not in the database, and the chain is verified from there. Every pruning is a
record of the trail itself, with the hash it went up to, so a checkpoint cannot be moved later
without breaking the chain either. A group of records, its checkpoint and its record are one
transaction.
"""

from llmaas.accounts import audit
from llmaas.accounts.audit import Change, Checkpoint
from llmaas.accounts.limits import DAY_S
from llmaas.accounts.store import Store, Transaction

GROUP = 5000
"""Records that leave in one transaction: writers of the ledger wait for no more."""
ACTOR = "llmaas (retention)"


def prune(store: Store, *, days: int) -> int:
    """Remove the records that are older than so many days; returns how many left."""
    before_ms = store.clock_ms() - days * DAY_S * 1000
    removed = 0
    while True:
        group = store.write(lambda transaction: _prune(store, transaction, before_ms))
        removed += group
        if group < GROUP:
            return removed


def _prune(store: Store, transaction: Transaction, before_ms: int) -> int:
    database = transaction.database
    old = database.execute("select seq, at_ms, hash from audit order by seq limit ?", (GROUP,))
    # A record is written when its request has ended, so moments are not quite in order: the oldest
    # end leaves as far as all of it is old.
    leaving = 0
    while leaving < len(old) and old[leaving][1] < before_ms:
        leaving += 1
    if not leaving:
        return 0
    seq, _, last = old[leaving - 1]
    if not audit.checkpoint(database).is_signed(store.vault.checkpoint_secret):
        return 0  # somebody moved it: what could prove that stays
    now = store.clock_ms()
    begin = Checkpoint(seq, last, now).signed(store.vault.checkpoint_secret)
    database.execute("delete from audit where seq <= ?", (seq,))
    database.execute("delete from audit_checkpoint")
    database.execute(
        "insert into audit_checkpoint values (?, ?, ?, ?)",
        (begin.seq, begin.hash, begin.at_ms, begin.signature),
    )
    transaction.records.append(
        Change(
            at_ms=now,
            actor=ACTOR,
            action="audit.prune",
            details={"records": str(leaving), "through": str(seq), "hash": last},
        )
    )
    return leaving
