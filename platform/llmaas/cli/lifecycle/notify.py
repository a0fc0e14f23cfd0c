"""`llmaas lifecycle notify`: tell tenants of the models that leave, each thing once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.bundle import Bundle, Phase, phase_at
from llmaas.cli.catalog.models import AtOption
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.lifecycle.calls import Calls, calls_in_file, calls_in_ledger
from llmaas.cli.lifecycle.delivery import (
    InDoubt,
    MailServer,
    NotDelivered,
    mail_server,
    send_mail,
    send_webhook,
)
from llmaas.cli.lifecycle.due import NEAR, WINDOW_DAYS, leaving
from llmaas.cli.lifecycle.notices import languages_of, notices_of, require_notices
from llmaas.cli.options import CatalogOption, DatabaseOption, StateDirOption, UsageOption
from llmaas.cli.service_day import today_of, zone_of
from llmaas.cli.sources import load_source
from llmaas.cli.state import state_dir

if TYPE_CHECKING:
    from llmaas.accounts import Store
    from llmaas.accounts.contacts import Contact
    from llmaas.accounts.told import Told
    from llmaas.generators.notices import Notice

EXAMPLES = """
llmaas lifecycle notify --dry-run             who would be told what, and where
llmaas lifecycle notify                       webhooks, and mail where a server is named
LLMAAS_SMTP=smtp://user:password@mail.example.org:587 \\
    LLMAAS_MAIL_FROM=llm@example.org llmaas lifecycle notify
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one tenant's notice on one channel."""

    tenant: str
    text: str
    failed: bool = False


def notify(
    *,
    catalog: CatalogOption = None,
    at: AtOption = None,
    usage: UsageOption = None,
    smtp: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_SMTP",
            metavar="URL",
            show_default="no mail is sent",
            help="The mail server: smtp://user:password@host:587. Prefer the environment: options "
            "show in process lists.",
        ),
    ] = None,
    mail_from: Annotated[
        str | None,
        typer.Option(envvar="LLMAAS_MAIL_FROM", metavar="ADDRESS", help="Who writes."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", envvar="LLMAAS_DRY_RUN", help="Show it and send nothing."),
    ] = False,
    send_doubtful: Annotated[
        bool,
        typer.Option(
            "--send-doubtful",
            envvar="LLMAAS_SEND_DOUBTFUL",
            help="Send again what may have arrived, after an attempt that broke off.",
        ),
    ] = False,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Tell the tenants that still call models that leave, each in its language.

    `llmaas tenants contact` says where: a mail address, a webhook, or both. A tenant is told once
    that a model leaves, once more when its removal is 30 days away, and once if it is called after
    that; a date or a successor that changes is told anew. What was sent is recorded before it is
    sent, so a second run repeats nothing; what surely failed is tried again by the next run.
    """
    from llmaas.accounts.contacts import contacts
    from llmaas.cli.accounts.opening import open_store

    require_notices()
    server = None if smtp is None else mail_server(smtp, mail_from)
    bundle = load_source(catalog).bundle
    today = today_of(bundle.service)() if at is None else at.date()
    state = state_dir(state_directory)
    since = today - timedelta(days=WINDOW_DAYS)
    calls = (
        calls_in_ledger(state, database, since=since, until=today, zone=zone_of(bundle.service))
        if usage is None
        else calls_in_file(usage)
    )
    going = leaving(bundle, today)
    store = open_store(state, database)
    try:
        reached = contacts(store)
        known = {each.tenant: each.language for each in reached.values() if each.language}
        languages = languages_of(bundle, known, ())
        still = [each for each in calls or () if each.model in going]
        notices = notices_of(bundle, still, languages, since, today)
        telling = _Telling(store, reached, server, _news(bundle, still, today))
        if send_doubtful:
            telling.forget_doubtful()
        outcomes = [each for notice in notices for each in telling.tell(notice, dry_run=dry_run)]
        doubtful = telling.doubtful()
    finally:
        store.close()
    for each in outcomes:
        print(f"{each.tenant}  {each.text}")
    for left in doubtful:
        print(f"{left.tenant}  {left.channel}: it is not known whether {left.model} arrived")
    if doubtful:
        print("Ask them, or send these again with --send-doubtful.")
    if not outcomes and not doubtful:
        print("Nobody calls a model that leaves.")
    if any(each.failed for each in outcomes):
        raise CommandError(
            Exit.NETWORK, "not every notice was delivered", "run it again: what arrived is not sent"
        )


def _news(bundle: Bundle, calls: Iterable[Calls], today: date) -> dict[str, str]:
    """What there is to tell of each model, with the facts that make it news."""
    entries = {entry.model: entry for entry in bundle.lifecycle}
    found = {}
    for model in {each.model for each in calls}:
        entry = entries[model]
        if phase_at(entry, today) is Phase.RETIRED:
            stage = "removed"
        elif entry.removed_on is not None and entry.removed_on - today <= NEAR:
            stage = "removal is near"
        else:
            stage = "leaves"
        found[model] = (
            f"{stage}; removal {entry.removed_on or 'without a date'}; "
            f"successor {entry.successor or 'none'}"
        )
    return found


@dataclass(frozen=True)
class _Telling:
    store: "Store"
    contacts: "Mapping[str, Contact]"
    server: MailServer | None
    news: Mapping[str, str]
    """By model."""

    def tell(self, notice: "Notice", *, dry_run: bool) -> Iterator[Outcome]:
        from llmaas.accounts.told import Told, claim, released, sent
        from llmaas.cli.accounts.opening import administrator

        channels = dict(self._channels(notice.tenant))
        if not channels:
            yield Outcome(notice.tenant, self._unreachable(notice))
        for channel, place in channels.items():
            wanted = [
                Told(notice.tenant, each.model, self.news[each.model], channel)
                for each in notice.models
            ]
            if dry_run:
                names = ", ".join(each.model for each in notice.models)
                yield Outcome(
                    notice.tenant, f"{channel} {place} ({notice.language}), unless told: {names}"
                )
                continue
            mine = claim(self.store, wanted)
            if not mine:
                yield Outcome(notice.tenant, f"{channel}: told already")
                continue
            try:
                self._send(channel, place, notice, mine)
            except NotDelivered as error:
                released(self.store, mine)
                yield Outcome(notice.tenant, f"{channel}: not delivered: {error}", failed=True)
            except InDoubt as error:
                yield Outcome(notice.tenant, f"{channel}: broke off: {error}", failed=True)
            else:
                sent(self.store, mine, actor=administrator())
                names = ", ".join(each.model for each in mine)
                yield Outcome(notice.tenant, f"{channel} ({notice.language}): {names}")

    def doubtful(self) -> "tuple[Told, ...]":
        from llmaas.accounts.told import in_doubt

        return in_doubt(self.store)

    def forget_doubtful(self) -> None:
        from llmaas.accounts.told import released

        released(self.store, self.doubtful())

    def _channels(self, tenant: str) -> Iterator[tuple[str, str]]:
        contact = self.contacts.get(tenant)
        if contact is not None and contact.mail and self.server is not None:
            yield "mail", contact.mail
        if contact is not None and contact.webhook:
            yield "webhook", contact.webhook

    def _unreachable(self, notice: "Notice") -> str:
        contact = self.contacts.get(notice.tenant)
        if contact is not None and contact.mail:
            return "has a mail address, and no mail server was named: --smtp URL"
        return f"cannot be told: llmaas tenants contact {notice.tenant} --mail ADDRESS"

    def _send(self, channel: str, place: str, notice: "Notice", mine: "tuple[Told, ...]") -> None:
        from llmaas.generators.notices import notice_files

        new = {each.model for each in mine}
        models = tuple(each for each in notice.models if each.model in new)
        files = notice_files(replace(notice, models=models))
        told = "\n".join(sorted(f"{each.tenant} {each.model} {each.told}" for each in mine))
        name = sha256(told.encode()).hexdigest()[:32]
        if channel == "mail":
            assert self.server is not None
            send_mail(self.server, place, files, name=name)
        else:
            send_webhook(place, files, name=name, secret=self.store.vault.signing_secret)
