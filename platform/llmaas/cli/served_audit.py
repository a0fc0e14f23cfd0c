"""Which bundle is served is in the audit trail too: who had it served, when, and what came of it.

The history beside the bundles is a file that whoever can write the state directory can change; the
trail is chained. What was applied while no service ran is written when one starts with it.
"""

from llmaas.accounts import Change
from llmaas.cli.history import Entry


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


def _facts(entry: Entry) -> dict[str, str]:
    facts = {
        "bundle": entry.bundle,
        "catalogue": entry.catalogue_sha256,
        "program": entry.program_version,
        "outcome": entry.outcome,
    }
    return facts if entry.reason is None else facts | {"reason": entry.reason}
