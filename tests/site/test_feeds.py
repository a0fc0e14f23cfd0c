"""Calendar, feed and models as JSON: read by other programs, so read here by other programs."""

import json
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import icalendar
import pytest

from llmaas.bundle import LifecycleEntry
from llmaas.generators.site.feeds import departures, events_of
from llmaas.generators.site.texts import Texts

TODAY = date(2026, 11, 21)
LATER = date(2027, 2, 1)
LANGUAGES = ("fr", "en", "es", "de", "it")
ATOM = "{http://www.w3.org/2005/Atom}"


def entry(model="a:1b", **dates):
    known = {"released_on": date(2026, 1, 1), "support_ends_on": None}
    known |= {"deprecated_on": None, "removed_on": None, "successor": None}
    return LifecycleEntry(model=model, stability="stable", **(known | dates))


def calendar_of(site):
    return icalendar.Calendar.from_ical(site.files["lifecycle.ics"])


def test_an_end_is_news_when_its_notice_begins():
    (_, removal) = events_of([entry(removed_on=date(2026, 12, 31))], notice_months=3)
    assert (removal.kind, removal.announced) == ("removed", date(2026, 9, 30))


def test_nothing_happens_to_a_model_that_is_gone():
    gone = entry(removed_on=date(2026, 6, 1), support_ends_on=date(2026, 12, 31))
    assert [event.kind for event in events_of([gone], notice_months=3)] == ["released", "removed"]


def test_departures_of_one_day_are_one_and_arrivals_are_none():
    end = date(2026, 12, 31)
    events = events_of(
        [entry("b:1b", support_ends_on=end), entry("a:1b", support_ends_on=end), entry("c:1b")],
        notice_months=3,
    )
    (departure,) = departures(events, today=end)
    assert [event.model for event in departure.events] == ["a:1b", "b:1b"]
    assert departures(events, today=end + timedelta(days=1)) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calendar_holds_every_date_of_the_catalogue(catalog, sites, language):
    entries = {str(e["UID"]): e for e in calendar_of(sites[language]).walk("VEVENT")}
    for model in catalog.models:
        removed = model.lifecycle.removed_on if hasattr(model, "lifecycle") else None
        del removed
    view_days = {e["UID"]: e["DTSTART"].dt for e in entries.values()}
    assert len(view_days) == len(entries)
    assert view_days["gemma3-27b-support_ends@api.ai.cloud-temple.com"] == date(2026, 12, 31)
    for uid, event in entries.items():
        assert event["DTEND"].dt == event["DTSTART"].dt + timedelta(days=1)
        assert event["DTSTAMP"].dt == datetime(2026, 11, 21, tzinfo=UTC)
        alarms = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
        expected = [] if "-released@" in uid else [timedelta(days=-30), timedelta(days=-7)]
        assert alarms == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_the_calendar_is_longer_than_the_format_allows(sites, language):
    text = sites[language].files["lifecycle.ics"]
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_the_calendar_speaks_its_language(sites):
    name = Texts("de").gettext("Fin de support")
    summaries = {str(e["SUMMARY"]) for e in calendar_of(sites["de"]).walk("VEVENT")}
    assert f"{name} · gemma3:27b" in summaries


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_feed_is_valid_and_its_ids_are_unique(sites, language):
    feed = ET.fromstring(sites[language].files["lifecycle.atom"])
    assert feed.tag == f"{ATOM}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    assert feed.find(f"{ATOM}author/{ATOM}name").text == "Cloud Temple"
    for thing in (feed, *feed.iter(f"{ATOM}entry")):
        for required in ("id", "title", "updated"):
            assert thing.find(f"{ATOM}{required}").text
        assert thing.find(f"{ATOM}id").text.startswith("urn:uuid:")
        assert thing.find(f"{ATOM}link[@rel='alternate']").get("href").startswith("https://")
        moment = datetime.fromisoformat(thing.find(f"{ATOM}updated").text)
        assert moment <= datetime(2026, 11, 21, tzinfo=UTC)
    ids = [found.text for found in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) > 1


def test_ids_stay_when_days_pass_dates_move_or_the_site_is_served_elsewhere(
    catalog, edited_catalog, render
):
    def ids(site):
        feed = ET.fromstring(site.files["lifecycle.atom"])
        uids = {str(e["UID"]) for e in calendar_of(site).walk("VEVENT")}
        return {found.text for found in feed.iter(f"{ATOM}id")}, uids

    now, calendar_now = ids(render(catalog, "en"))
    later, calendar_later = ids(render(catalog, "en", today=LATER))
    assert (calendar_later, now - later) == (calendar_now, set())
    assert ids(render(catalog, "en", api_base_url="http://127.0.0.1:8080/v1")) == (
        now,
        calendar_now,
    )


def test_a_feed_holds_no_announcement_before_its_day(catalog, render):
    early = ET.fromstring(render(catalog, "en", today=date(2026, 9, 29)).files["lifecycle.atom"])
    titles = {found.text for found in early.iter(f"{ATOM}title")}
    assert "End of support · gemma3:27b" not in titles
    on_the_day = render(catalog, "en", today=date(2026, 9, 30)).files["lifecycle.atom"]
    assert "End of support · gemma3:27b" in on_the_day


def test_models_as_json_are_typed_and_the_same_in_every_language(catalog, sites):
    texts = {sites[language].files["models.json"] for language in LANGUAGES}
    assert len(texts) == 1
    document = json.loads(texts.pop())
    assert document["as_of"] == "2026-11-21"
    models = {model["id"]: model for model in document["models"]}
    assert models.keys() == {model.id for model in catalog.models}
    gone = models["gemma3:12b"]
    assert (gone["phase"], gone["callable"], gone["successor"]) == ("retired", False, "gemma3:27b")
    assert isinstance(models["qwen3:8b"]["total_parameters_b"], int | float)
    assert {price["id"]: price["eur"] for price in document["prices"]}["output"] == "4.00"
    for model in models.values():
        assert f"{model['page'].rstrip('/')}.md" in sites["fr"].pages
