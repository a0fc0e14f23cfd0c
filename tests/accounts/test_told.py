"""Contacts are kept sealed; a notice is claimed by one and sent once."""

from pathlib import Path

import pytest
from tests.accounts.conftest import CONTRACT, Clock

from llmaas.accounts import AccountsError, Administration, Store, UnknownTenantError
from llmaas.accounts.contacts import Contact, change_contact, contacts
from llmaas.accounts.database import open_database
from llmaas.accounts.told import UNDER_WAY_MS, Told, claim, in_doubt, released, sent

NEWS = Told("acme", "old:8b", "leaves; removal 2026-03-01; successor new:8b", "mail")


@pytest.fixture
def acme(store: Store) -> Store:
    Administration(store).create_tenant("acme", "ACME", CONTRACT, actor="a test")
    return store


def test_a_contact_changes_value_by_value_and_an_empty_text_is_forgotten(acme: Store) -> None:
    change_contact(acme, "acme", actor="a test", language="de", mail="team@acme.example")
    change_contact(acme, "acme", actor="a test", webhook="https://acme.example/x", mail="")
    assert contacts(acme) == {"acme": Contact("acme", "de", None, "https://acme.example/x")}


def test_addresses_are_sealed_in_the_database(acme: Store, place: Path | str) -> None:
    change_contact(acme, "acme", actor="a test", mail="team@acme.example")
    database = open_database(place)
    kept = str(database.execute("select * from contact")) + str(
        database.execute("select body from audit")
    )
    database.close()
    assert "tenant.contact" in kept
    assert "team@" not in kept


def test_what_is_no_address_or_no_tenant_is_refused(acme: Store) -> None:
    with pytest.raises(AccountsError, match="no mail address"):
        change_contact(acme, "acme", actor="a test", mail="a@b.example\nBcc: c@d.example")
    with pytest.raises(AccountsError, match="https://"):
        change_contact(acme, "acme", actor="a test", webhook="http://acme.example/")
    with pytest.raises(UnknownTenantError):
        change_contact(acme, "nobody", actor="a test", language="fr")
    assert contacts(acme) == {}


def test_what_one_claimed_no_other_sends(acme: Store, place: Path | str, clock: Clock) -> None:
    from tests.accounts.conftest import MASTER

    other = Store(place, master=MASTER, clock_ms=clock)
    assert claim(acme, [NEWS]) == (NEWS,)
    assert claim(other, [NEWS]) == ()
    sent(acme, [NEWS], actor="a test")
    assert claim(other, [NEWS]) == ()
    other.close()


def test_news_is_told_on_every_channel_and_again_when_the_facts_change(acme: Store) -> None:
    claim(acme, [NEWS])
    by_hook = Told(NEWS.tenant, NEWS.model, NEWS.told, "webhook")
    moved = Told(NEWS.tenant, NEWS.model, NEWS.told.replace("03-01", "04-01"), "mail")
    assert claim(acme, [NEWS, by_hook, moved]) == (by_hook, moved)


def test_what_surely_did_not_arrive_is_free_again(acme: Store) -> None:
    claim(acme, [NEWS])
    released(acme, [NEWS])
    assert claim(acme, [NEWS]) == (NEWS,)


def test_what_a_dead_process_was_sending_is_in_doubt_after_a_while(
    acme: Store, clock: Clock
) -> None:
    claim(acme, [NEWS])
    assert in_doubt(acme) == ()
    clock.advance(UNDER_WAY_MS / 1000)
    assert in_doubt(acme) == (NEWS,)
    assert claim(acme, [NEWS]) == ()
    sent(acme, [NEWS], actor="a test")
    assert in_doubt(acme) == ()
