"""Who called which model lately: from the ledger of this state directory, or from a table."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.state import StateDir

COLUMNS = ("tenant", "key", "model", "requests")


@dataclass(frozen=True, order=True)
class Calls:
    """Requests of one key to one model; `model` is an id, never an alias."""

    tenant: str
    key: str
    model: str
    requests: int


def calls_in_file(path: Path) -> tuple[Calls, ...]:
    """Read a CSV with the columns tenant, key, model and requests.

    Raises:
        CommandError: it cannot be read, or a column is missing or no number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return tuple(_rows(lines))
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, TypeError, KeyError) as error:
        raise CommandError(
            Exit.USAGE,
            f"{path}: {error.strerror if isinstance(error, OSError) else error}",
            f"give a CSV whose first line is {','.join(COLUMNS)}",
        ) from error


def _rows(lines: Iterable[str]) -> Iterable[Calls]:
    rows = csv.DictReader(lines)
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise ValueError(f"no column {', '.join(missing)}")
    for row in rows:
        yield Calls(row["tenant"], row["key"], row["model"], int(row["requests"]))


def calls_in_ledger(
    state: StateDir, database: str | None, *, since: date, until: date, zone: ZoneInfo
) -> tuple[Calls, ...] | None:
    """Settled requests from `since` to the end of `until`; `None` where there is no ledger.

    Args:
        state: whose ledger.
        database: URL of the database of accounts; `None` is the state directory's own.
        since: the first day.
        until: the last day.
        zone: of the service, where its days begin.

    Raises:
        CommandError: the database cannot be opened.
    """
    if database is None and not state.accounts.exists():
        return None
    from llmaas.cli.accounts.opening import open_store

    store = open_store(state, database)
    try:
        rows = store.read(
            lambda each: each.execute(
                "select tenant, key_id, model, count(*) from ledger "
                "where admitted_ms >= ? and admitted_ms < ? "
                "group by tenant, key_id, model",
                (_begins_ms(since, zone), _begins_ms(until + timedelta(days=1), zone)),
            )
        )
    finally:
        store.close()
    return tuple(sorted(Calls(str(t), str(k), str(m), int(n)) for t, k, m, n in rows))


def _begins_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), tzinfo=zone).timestamp() * 1000)
