"""What tenants were told of models that leave: claimed before it is sent, so that it is sent once.

    (nothing) ──claim──▶ sending ──sent──▶ sent
                            └──released──▶ (nothing): it surely did not arrive, so it is tried again

What is left in `sending` by a process that died may or may not have arrived. It is not sent again
unless an administrator asks for it, after looking.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from llmaas.accounts.audit import Change
from llmaas.accounts.store import Store, Transaction

UNDER_WAY_MS = 120_000
"""Sending takes less, or is given up."""
_WHERE = "where tenant = ? and model = ? and told = ? and channel = ?"


@dataclass(frozen=True, order=True)
class Told:
    """One thing that one tenant is told on one channel."""

    tenant: str
    model: str
    told: str
    """What it is, with the facts that make it news: a date that moves is told anew."""
    channel: str


def claim(store: Store, wanted: Iterable[Told]) -> tuple[Told, ...]:
    """Those nobody has sent or is sending; from now on they are this caller's to send."""
    asked = tuple(wanted)

    def work(transaction: Transaction) -> tuple[Told, ...]:
        execute, now = transaction.database.execute, store.clock_ms()
        known = f"select 1 from notice {_WHERE}"  # noqa: S608 - above
        free = tuple(each for each in asked if not execute(known, _of(each)))
        for each in free:
            execute("insert into notice values (?, ?, ?, ?, ?, 'sending')", (*_of(each), now))
        return free

    return store.write(work)


def sent(store: Store, claimed: Iterable[Told], *, actor: str) -> None:
    """They arrived."""
    done = tuple(claimed)

    def work(transaction: Transaction) -> None:
        now = store.clock_ms()
        for each in done:
            transaction.database.execute(
                f"update notice set outcome = 'sent', at_ms = ? {_WHERE}",  # noqa: S608 - above
                (now, *_of(each)),
            )
            transaction.records.append(
                Change(
                    at_ms=now,
                    actor=actor,
                    action="notice.sent",
                    tenant=each.tenant,
                    details={"model": each.model, "told": each.told, "channel": each.channel},
                )
            )

    store.write(work)


def released(store: Store, claimed: Iterable[Told]) -> None:
    """They surely did not arrive."""
    back = tuple(claimed)

    def work(transaction: Transaction) -> None:
        for each in back:
            transaction.database.execute(f"delete from notice {_WHERE}", _of(each))  # noqa: S608

    store.write(work)


def in_doubt(store: Store) -> tuple[Told, ...]:
    """What was being sent when its process died; what may be under way still is none of it."""
    before = store.clock_ms() - UNDER_WAY_MS
    rows = store.read(
        lambda database: database.execute(
            "select tenant, model, told, channel from notice "
            "where outcome = 'sending' and at_ms <= ?",
            (before,),
        )
    )
    return tuple(sorted(Told(*row) for row in rows))


def _of(each: Told) -> tuple[str, str, str, str]:
    return (each.tenant, each.model, each.told, each.channel)
