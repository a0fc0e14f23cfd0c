"""Notices of tenants from what they called: who is told what, in which language, and as files."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import typer

from llmaas.bundle import Bundle
from llmaas.cli.docs.site import docs_available
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.lifecycle.calls import Calls
from llmaas.cli.state import StateDir

if TYPE_CHECKING:
    from llmaas.generators.notices import Notice


def require_notices() -> None:
    """Make sure that notices can be written.

    Raises:
        CommandError: packages are not installed.
    """
    if not docs_available():
        raise CommandError(
            Exit.CANNOT_START,
            "notices need packages that are not installed",
            "install them with: pip install 'llmaas[docs]'",
        )


def contact_languages(state: StateDir, database: str | None) -> dict[str, str]:
    """The languages of tenants, as far as the accounts know them; none where there are none."""
    if database is None and not state.accounts.exists():
        return {}
    from llmaas.accounts.contacts import contacts
    from llmaas.cli.accounts.opening import open_store

    store = open_store(state, database)
    try:
        found = contacts(store).values()
    finally:
        store.close()
    return {each.tenant: each.language for each in found if each.language is not None}


def languages_of(bundle: Bundle, known: Mapping[str, str], given: Iterable[str]) -> dict[str, str]:
    """The language of each tenant's notice; the empty name is everybody else.

    Args:
        bundle: whose first language with notices is everybody else's.
        known: languages of tenants, which count where there are notices in them.
        given: `TENANT=CODE`, which win.

    Raises:
        CommandError: there are no notices in a language that was given.
    """
    from llmaas.generators.notices import languages_of_notices

    written = languages_of_notices()
    default = next((each for each in bundle.service.languages if each in written), written[0])
    found = {"": default}
    found |= {tenant: code for tenant, code in known.items() if code in written}
    for text in given:
        tenant, _, code = text.partition("=")
        if code not in written:
            raise CommandError(
                Exit.USAGE,
                f"--language {text!r}: no notices in {code!r}",
                f"write TENANT=CODE with one of {', '.join(written)}",
            )
        found[tenant] = code
    return found


def notices_of(
    bundle: Bundle,
    calls: Iterable[Calls],
    languages: Mapping[str, str],
    since: date,
    today: date,
) -> "list[Notice]":
    """One for each tenant that called something.

    Args:
        bundle: where the models and their dates are.
        calls: of models that leave, by key.
        languages: as `languages_of` found them.
        since: the first day on which calls were counted.
        today: the last.
    """
    from llmaas.generators.notices import LeavingModel, Notice

    calls = tuple(calls)
    entries = {entry.model: entry for entry in bundle.lifecycle}
    found = []
    for tenant in sorted({each.tenant for each in calls}):
        own = [each for each in calls if each.tenant == tenant]
        models = tuple(
            LeavingModel(
                model=model,
                removed_on=entries[model].removed_on,
                successor=entries[model].successor,
                requests=sum(each.requests for each in own if each.model == model),
                keys=tuple(sorted({each.key for each in own if each.model == model})),
            )
            for model in sorted({each.model for each in own})
        )
        language = languages.get(tenant, languages[""])
        found.append(Notice(tenant, language, bundle.service.name, since, today, models))
    return found


def write_notices(directory: Path, notices: "Iterable[Notice]") -> None:
    """Put the files of each notice into a directory of its tenant.

    Raises:
        CommandError: they cannot be written.
    """
    from llmaas.generators.notices import notice_files

    for notice in notices:
        # Names of tenants from a table may be anything; `..` must not lead out of the directory.
        place = directory / quote(notice.tenant, safe="").replace(".", "%2E")
        try:
            place.mkdir(parents=True, exist_ok=True)
            for name, text in notice_files(notice).items():
                (place / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(
                Exit.CANNOT_START,
                f"cannot write {error.filename}: {error.strerror}",
                "choose another directory with --notices",
            ) from error
        typer.echo(f"{place}: notice in {notice.language}", err=True)
