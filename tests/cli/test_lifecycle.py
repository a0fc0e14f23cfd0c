"""`llmaas lifecycle`: what is due, who still calls what leaves, and telling them once."""

import hmac
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from tests.cli.conftest import COMMAND, clean_environment
from tests.cli.receivers import hook_receiver, mail_receiver
from tests.cli.test_accounts import RATES

from llmaas.accounts import Store, Usage
from llmaas.accounts.ledger import LedgerEntry, Request
from llmaas.accounts.told import UNDER_WAY_MS
from llmaas.cli.exits import Exit

LEAVING, OTHER, STAYS = "gemma3:12b", "qwen3:235b", "granite3.3:8b"
DAY = "2025-12-01"
"""Ten days after the first was deprecated; it is removed on 2026-02-21."""
NEAR, AFTER = "2026-02-01", "2026-02-25"


@pytest.fixture
def project(catalog, tmp_path):
    shutil.copy(catalog, tmp_path / "models_config.yaml")
    return tmp_path


@pytest.fixture
def store(llmaas, project):
    """The accounts of two customers."""
    for tenant in ("acme", "city"):
        done = llmaas("tenants", "create", tenant, "--name", tenant, "--tier", "contract")
        assert done.code == Exit.OK, done.err
    state = project / "state"
    opened = Store(
        state / "accounts.db", master=(state / "secret").read_bytes().strip(), clock_ms=lambda: 0
    )
    yield opened
    opened.close()


def call(store, tenant, model, day, *, key="k1", times=1):
    at_ms = int(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp() * 1000)
    for number in range(times):
        request = Request(
            request_id=f"req_{tenant}_{model}_{day}_{key}_{number}",
            tenant=tenant,
            key=key,
            model=model,
            endpoint="chat.completions",
            month=day[:7],
            admitted_ms=at_ms,
            rates=RATES,
        )
        usage = Usage(prompt_tokens=1, completion_tokens=1)
        entry = LedgerEntry(request=request, settled_ms=at_ms, usage=usage, outcome="completed")
        store.write(lambda transaction, entry=entry: transaction.entries.append(entry))


@pytest.fixture
def called(store):
    call(store, "acme", LEAVING, "2025-11-25", times=2)
    call(store, "acme", LEAVING, "2025-11-26", key="k2")
    call(store, "acme", STAYS, "2025-11-26")
    call(store, "city", OTHER, DAY)
    call(store, "city", LEAVING, "2025-10-20")  # six weeks ago
    return store


def calls(done):
    assert done.code == Exit.OK, done.err
    return [tuple(each.values()) for each in json.loads(done.out)["calls"]]


def test_the_ledger_says_who_called_what_leaves_in_the_last_thirty_days(llmaas, called):
    assert calls(llmaas("lifecycle", "report", "--at", DAY, "--json")) == [
        ("acme", "k1", LEAVING, 2),
        ("acme", "k2", LEAVING, 1),
        ("city", "k1", OTHER, 1),
    ]
    told = llmaas("lifecycle", "report", "--at", DAY).out
    assert f"acme  key k1  {LEAVING}: 2 requests" in told
    assert STAYS not in told.partition("Still calling")[2]


def test_usage_from_a_table_takes_the_place_of_the_ledger(llmaas, called, tmp_path):
    table = tmp_path / "calls.csv"
    table.write_text(f"tenant,key,model,requests\nother,k9,{LEAVING},7\nother,k9,{STAYS},8\n")
    reported = llmaas("lifecycle", "report", "--at", DAY, "--usage", table, "--json")
    assert calls(reported) == [("other", "k9", LEAVING, 7)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tenant,key\n", "model, requests"),
        ("tenant,key,model,requests\na,b,c,many\n", "many"),
        (None, "No such file"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_columns(
    llmaas, project, tmp_path, text, said
):
    table = tmp_path / "calls.csv"
    if text is not None:
        table.write_text(text)
    done = llmaas("lifecycle", "report", "--at", DAY, "--usage", table)
    assert done.code == Exit.USAGE
    assert said in done.err
    assert "tenant,key,model,requests" in done.err


def test_without_accounts_it_says_that_callers_are_not_known(llmaas, project):
    done = llmaas("lifecycle", "report", "--at", DAY)
    assert done.code == Exit.OK
    assert "is not known" in done.out


def test_strict_fails_on_the_day_support_ends_without_a_deprecation(llmaas, project):
    report = ("lifecycle", "report", "--strict", "--at")
    assert llmaas(*report, "2025-09-29").code == Exit.OK
    done = llmaas(*report, "2025-09-30")
    assert done.code == Exit.PROBLEMS
    assert re.search(r"^! foundation-sec:8b$", done.out, re.MULTILINE)
    assert "support ended on 2025-09-30" in done.out


def test_notices_are_written_in_the_language_of_the_tenant(llmaas, called, tmp_path):
    llmaas("tenants", "contact", "acme", "--language", "de")
    done = llmaas("lifecycle", "report", "--at", DAY, "--notices", "out", "--language", "city=it")
    assert done.code == Exit.OK, done.err
    assert '<html lang="de">' in (tmp_path / "out" / "acme" / "mail.html").read_text()
    assert '<html lang="it">' in (tmp_path / "out" / "city" / "mail.html").read_text()


def test_a_contact_is_shown_and_changed(llmaas, store):
    changed = llmaas("tenants", "contact", "acme", "--language", "de", "--mail", "a@acme.example")
    assert changed.code == Exit.OK, changed.err
    shown = json.loads(llmaas("tenants", "contact", "acme", "--json").out)
    assert shown == {
        "tenant": "acme",
        "language": "de",
        "mail": "a@acme.example",
        "webhook": None,
    }
    assert llmaas("tenants", "contact", "nobody").code == Exit.USAGE
    refused = llmaas("tenants", "contact", "acme", "--webhook", "http://acme.example")
    assert refused.code == Exit.USAGE
    assert "https://" in refused.err


@pytest.fixture
def post():
    with mail_receiver() as receiver:
        yield receiver


@pytest.fixture
def hook():
    with hook_receiver() as receiver:
        yield receiver


@pytest.fixture
def notify(llmaas, post):
    def run(*options, at=DAY, **variables):
        sender = {"LLMAAS_SMTP": post.url, "LLMAAS_MAIL_FROM": "LLM <llm@service.example>"}
        return llmaas("lifecycle", "notify", "--at", at, *options, **(sender | variables))

    return run


def test_a_tenant_is_told_once_by_mail_in_its_language(llmaas, called, notify, post):
    llmaas("tenants", "contact", "acme", "--language", "de", "--mail", "team@acme.example")
    done = notify()
    assert done.code == Exit.OK, done.err
    (mail,) = post.mails
    assert (mail["to"], mail["from"]) == ("team@acme.example", "LLM <llm@service.example>")
    assert "Modelle" in mail["subject"]
    plain = mail.get_body(("plain",)).get_content()
    assert LEAVING in plain
    assert STAYS not in plain
    assert OTHER not in plain
    assert 'lang="de"' in mail.get_body(("html",)).get_content()
    assert "city  cannot be told: llmaas tenants contact city" in done.out

    again = notify()
    assert again.code == Exit.OK
    assert "acme  mail: told already" in again.out
    assert len(post.mails) == 1


def test_what_was_sent_is_in_the_audit_trail(llmaas, called, notify):
    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    notify()
    trail = llmaas("audit", "export").out
    assert '"notice.sent"' in trail
    assert LEAVING in trail
    assert "team@" not in trail


def test_a_removal_that_is_near_and_one_that_has_come_are_told_again(llmaas, called, notify, post):
    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    for day in (NEAR, AFTER):
        call(called, "acme", LEAVING, day)
    for day in (DAY, NEAR, NEAR, AFTER, AFTER):
        assert notify(at=day).code == Exit.OK
    assert len(post.mails) == 3
    assert len({mail["message-id"] for mail in post.mails}) == 3


def test_a_date_that_moves_is_news(llmaas, called, notify, post, project):
    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    notify()
    path = project / "models_config.yaml"
    moved = path.read_text().replace("removed_on: 2026-02-21", "removed_on: 2026-06-30")
    assert moved != path.read_text()
    path.write_text(moved)
    assert notify().code == Exit.OK
    assert len(post.mails) == 2


def test_a_webhook_is_signed_and_named(llmaas, called, notify, hook):
    llmaas("tenants", "contact", "acme", "--webhook", hook.url)
    assert notify().code == Exit.OK
    assert notify().code == Exit.OK
    ((body, headers),) = hook.bodies
    payload = json.loads(body)
    assert (payload["event"], payload["tenant"]) == ("models.leaving", "acme")
    assert [each["model"] for each in payload["models"]] == [LEAVING]
    expected = hmac.new(called.vault.signing_secret, body, sha256).hexdigest()
    assert headers["x-llmaas-signature"] == f"sha256={expected}"
    assert headers["x-llmaas-notice"]


def test_what_was_refused_is_tried_again_and_what_arrived_is_not(
    llmaas, called, notify, post, hook
):
    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    llmaas("tenants", "contact", "city", "--webhook", hook.url)
    post.refuse, hook.status = "team@acme.example", 503
    failed = notify()
    assert failed.code == Exit.NETWORK
    assert "550 no such person" in failed.out
    assert "answered 503" in failed.out
    post.refuse = ""
    assert notify().code == Exit.NETWORK
    hook.status = 200
    assert notify().code == Exit.OK
    assert (len(post.mails), len(hook.bodies)) == (1, 3)
    assert notify().code == Exit.OK
    assert (len(post.mails), len(hook.bodies)) == (1, 3)


def test_a_server_that_cannot_be_reached_leaves_it_for_the_next_run(llmaas, called, notify, post):
    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    assert notify(LLMAAS_SMTP="smtp://127.0.0.1:1").code == Exit.NETWORK
    assert notify().code == Exit.OK
    assert len(post.mails) == 1


def test_a_process_that_is_killed_while_sending_sends_nothing_twice(
    llmaas, called, notify, post, project
):
    from threading import Event

    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    post.hold = Event()
    environment = clean_environment(
        LLMAAS_STATE_DIR=str(project / "state"),
        LLMAAS_SMTP=post.url,
        LLMAAS_MAIL_FROM="llm@service.example",
    )
    with subprocess.Popen(
        [*COMMAND, "lifecycle", "notify", "--at", DAY],
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
    ) as killed:
        assert post.reached.wait(60)
        killed.kill()
    post.hold.set()
    again = notify()
    assert "told already" in again.out
    assert len(post.mails) == 1
    # Two minutes later it is known that nobody is sending it any more.
    called.write(
        lambda transaction: transaction.database.execute(
            "update notice set at_ms = at_ms - ?", (UNDER_WAY_MS,)
        )
    )
    doubtful = notify()
    assert "it is not known whether" in doubtful.out
    assert len(post.mails) == 1
    assert notify("--send-doubtful").code == Exit.OK
    assert len(post.mails) == 2


def test_a_server_that_hangs_up_without_an_answer_leaves_it_in_doubt(llmaas, called, notify, post):
    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    post.silent = True
    assert notify().code == Exit.NETWORK
    post.silent = False
    assert "told already" in notify().out
    assert len(post.mails) == 1


def test_a_dry_run_shows_it_and_sends_nothing(llmaas, called, notify, post):
    llmaas("tenants", "contact", "acme", "--language", "es", "--mail", "team@acme.example")
    done = notify("--dry-run")
    assert f"acme  mail team@acme.example (es), unless told: {LEAVING}" in done.out
    assert post.mails == []
    assert notify().code == Exit.OK
    assert len(post.mails) == 1


def test_mail_without_a_server_or_a_sender_is_said(llmaas, called):
    llmaas("tenants", "contact", "acme", "--mail", "team@acme.example")
    done = llmaas("lifecycle", "notify", "--at", DAY)
    assert "no mail server was named" in done.out
    wrong = llmaas("lifecycle", "notify", "--at", DAY, "--smtp", "mail.example.org")
    assert (wrong.code, "smtp://" in wrong.err) == (Exit.USAGE, True)
    nobody = llmaas("lifecycle", "notify", "--at", DAY, "--smtp", "smtp://127.0.0.1:25")
    assert (nobody.code, "--mail-from" in nobody.err) == (Exit.USAGE, True)
