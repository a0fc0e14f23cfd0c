"""`llmaas serve`: what an operator has to have, and what is said when it is missing."""

import json
import shutil

import openai
import pytest

from llmaas.cli.exits import Exit
from llmaas.reference import reference_directory

CHAT = "granite3.3:8b"
HELLO = [{"role": "user", "content": "Hello!"}]


@pytest.fixture
def bundle(tmp_path):
    """A copy of the reference bundle, as `llmaas generate` writes one."""
    ignored = shutil.ignore_patterns("__*")
    return shutil.copytree(reference_directory(), tmp_path / "bundle", ignore=ignored)


@pytest.fixture
def key(llmaas):
    return llmaas("keys", "create", "--name", "x").out.strip()


def test_a_bundle_is_served_without_a_catalogue(start, bundle, key, tmp_path):
    state = tmp_path / "state"
    options = ("--bundle", bundle, "--state-dir", state, "--models", CHAT, "--allow-stand-ins")
    service = start("serve", "--json", "--port", "0", *options)
    assert service.ready["api_key"] is None
    assert service.ready["models"] == [CHAT]
    client = service.client_with(key)
    assert client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=3).choices
    with pytest.raises(openai.AuthenticationError):
        service.client_with("llmaas_wrong").models.list()
    assert service.stop() == (Exit.OK, "")


def test_a_built_site_is_served_beside_it(start, bundle, key, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>Built</h1>")
    options = ("--bundle", bundle, "--state-dir", tmp_path / "state", "--docs", site)
    service = start("serve", "--json", "--port", "0", "--allow-stand-ins", *options)
    import urllib.request

    with urllib.request.urlopen(service.ready["docs_url"], timeout=20) as page:
        assert page.read() == b"<h1>Built</h1>"


def test_stand_ins_are_refused_unless_asked_for(llmaas, bundle, key):
    done = llmaas("serve", "--bundle", bundle, "--port", "0")
    assert done.code == Exit.CANNOT_START
    assert "models have no weights in" in done.err
    for remedy in ("llmaas pull", "--models", "--allow-stand-ins"):
        assert remedy in done.err


def test_without_a_key_it_says_how_to_make_one(llmaas, bundle, tmp_path):
    done = llmaas("serve", "--bundle", bundle, "--port", "0", "--allow-stand-ins")
    assert done.code == Exit.CANNOT_START
    assert "no API key" in done.err
    assert f"llmaas keys create --name NAME --state-dir {tmp_path / 'state'}" in done.err


def test_revoked_keys_are_no_keys(llmaas, bundle, key):
    llmaas("keys", "revoke", json.loads(llmaas("keys", "list", "--json").out)[0]["id"])
    done = llmaas("serve", "--bundle", bundle, "--port", "0", "--allow-stand-ins")
    assert "no API key" in done.err


def test_an_altered_bundle_is_refused(llmaas, bundle, key):
    prices = bundle / "prices.json"
    prices.write_text(prices.read_text().replace("0.9", "0.1"))
    done = llmaas("serve", "--bundle", bundle, "--port", "0", "--allow-stand-ins")
    assert done.code == Exit.PROBLEMS
    assert f"{prices}: altered" in done.err


def test_a_directory_that_is_no_bundle_is_refused(llmaas, tmp_path):
    done = llmaas("serve", "--bundle", tmp_path, "--port", "0")
    assert done.code == Exit.PROBLEMS
    assert "llmaas generate" in done.err


def test_a_directory_that_is_no_site_is_refused(llmaas, bundle, key, tmp_path):
    done = llmaas("serve", "--bundle", bundle, "--port", "0", "--docs", tmp_path)
    assert done.code == Exit.USAGE
    assert "llmaas docs build" in done.err


def test_a_bundle_must_be_named(llmaas):
    done = llmaas("serve")
    assert done.code == Exit.USAGE
    assert "--bundle" in done.err
