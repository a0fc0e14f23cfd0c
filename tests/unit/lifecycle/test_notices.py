"""Notices say the same in every language, and nothing of a tenant becomes markup."""

import json
import re
from datetime import date

import pytest

from llmaas.generators.notices import (
    LeavingModel,
    Notice,
    languages_of_notices,
    notice_files,
    texts,
)

MODEL = LeavingModel("old:8b", date(2026, 3, 1), "new:8b", 1203, ("k1", "k2"))


def files(language="fr", model=MODEL, service="LLMaaS"):
    since, until = date(2025, 12, 16), date(2026, 1, 15)
    return notice_files(Notice("acme", language, service, since, until, (model,)))


def test_there_are_five_languages():
    assert languages_of_notices() == ("fr", "de", "en", "es", "it")


@pytest.mark.parametrize("language", languages_of_notices())
def test_every_sentence_is_translated_with_its_placeholders(language):
    for source in texts.ALL:
        said = texts.say(language, source)
        assert sorted(re.findall(r"%\(\w+\)s", said)) == sorted(re.findall(r"%\(\w+\)s", source))


@pytest.mark.parametrize("language", languages_of_notices())
def test_a_notice_names_model_successor_keys_and_use(language):
    made = files(language)
    for name in ("mail.txt", "mail.html"):
        for fact in ("old:8b", "new:8b", "k1, k2", "2026"):
            assert fact in made[name], (language, name, fact)
        assert re.search(r"1\D?203", made[name])
    assert f'lang="{language}"' in made["mail.html"]
    assert "LLMaaS" in made["subject.txt"]


def test_dates_are_written_as_the_reader_writes_them():
    assert "1. März 2026" in files("de")["mail.txt"]
    assert "March 1, 2026" in files("en")["mail.txt"]


def test_what_is_not_known_is_said_in_words():
    unknown = LeavingModel("old:8b", None, None, 1, ("k1",))
    assert "date not set" in files("en", unknown)["mail.txt"]
    assert "no successor named" in files("en", unknown)["mail.txt"]
    facts = json.loads(files("en", unknown)["webhook.json"])["models"][0]
    assert (facts["removed_on"], facts["successor"]) == (None, None)


def test_the_payload_has_the_facts_for_programs():
    assert json.loads(files("it")["webhook.json"]) == {
        "event": "models.leaving",
        "tenant": "acme",
        "service": "LLMaaS",
        "language": "it",
        "since": "2025-12-16",
        "until": "2026-01-15",
        "models": [
            {
                "model": "old:8b",
                "removed_on": "2026-03-01",
                "successor": "new:8b",
                "requests": 1203,
                "keys": ["k1", "k2"],
            }
        ],
    }


def test_names_are_text_and_never_markup():
    made = files(service="<script>alert(1)</script>", model=LeavingModel("<b>", None, "&", 1, ()))
    assert "<script>" not in made["mail.html"]
    assert "&lt;b&gt;" in made["mail.html"]
