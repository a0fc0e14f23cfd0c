"""Which bundle is served is in the audit trail too: who had it served, when, and what came of it.

The history beside the bundles is a file that whoever can write the state directory can change; the
trail is chained. What was applied while no service ran is written when one starts with it.
"""

from llmaas.accounts import Change
from llmaas.bundle import SecurityPolicy
from llmaas.cli.service.history import Entry
from llmaas.gateway.screening_audit import exception_details


def applied(entry: Entry, *, at_ms: int) -> Change:
    """A running service took a bundle over, or refused it."""
    return Change(
        at_ms=at_ms, actor=entry.by, action=f"bundle.{entry.action}", details=_facts(entry)
    )


def started(bundle: str, history: tuple[Entry, ...], *, by: str, at_ms: int) -> Change:
    """A service began to serve what somebody had put in its place."""
    last = next((entry for entry in reversed(history) if entry.bundle == bundle), None)
    details = {"bundle": bundle}
    if last is not None:
        details |= _facts(last) | {
            "put_in_place_by": last.by,
            "put_in_place_at": last.at.isoformat(),
            "put_in_place_with": last.action,
        }
    return Change(at_ms=at_ms, actor=by, action="service.start", details=details)


def relaxed(
    before: SecurityPolicy | None, after: SecurityPolicy, *, by: str, at_ms: int
) -> list[Change]:
    """Exceptions from prompt security that hold, or hold no more, since a bundle is served.

    Args:
        before: of the bundle before; `None` at a start, when all that are granted are told.
        after: of the bundle that is served now.
        by: who had it served; who granted an exception is part of it.
        at_ms: when.
    """
    old = () if before is None else before.exceptions
    changes = [("security.relax", each) for each in after.exceptions if each not in old]
    changes += [("security.restore", each) for each in old if each not in after.exceptions]
    return [
        Change(
            at_ms=at_ms,
            actor=by,
            action=action,
            tenant=exception.tenant,
            details=exception_details(exception),
        )
        for action, exception in changes
    ]


def _facts(entry: Entry) -> dict[str, str]:
    facts = {
        "bundle": entry.bundle,
        "catalogue": entry.catalogue_sha256,
        "program": entry.program_version,
        "outcome": entry.outcome,
    }
    return facts if entry.reason is None else facts | {"reason": entry.reason}
