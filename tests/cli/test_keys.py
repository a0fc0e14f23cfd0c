"""`llmaas keys`, also beside a running service."""

import json

import openai
import pytest

from llmaas.cli.exits import Exit

CHAT = "granite3.3:8b"
EMBEDDING = "granite-embedding:278m"
HELLO = [{"role": "user", "content": "Hello!"}]


def test_a_key_made_while_the_service_runs_works_and_a_revoked_one_stops(running, llmaas):
    state = running.log.parent / "state"
    made = llmaas("keys", "create", "--name", "ci", "--state-dir", state)
    assert made.code == Exit.OK
    client = running.client_with(made.out.strip())
    assert client.models.list().data
    (key_id,) = [key["id"] for key in keys(llmaas, state) if key["name"] == "ci"]
    assert key_id in made.err
    assert llmaas("keys", "revoke", key_id, "--state-dir", state).code == Exit.OK
    with pytest.raises(openai.AuthenticationError):
        client.models.list()


def test_a_key_for_some_models_calls_no_other(running, llmaas):
    state = running.log.parent / "state"
    options = ("--name", "one", "--models", CHAT, "--state-dir", state, "--json")
    made = json.loads(llmaas("keys", "create", *options).out)
    assert made["models"] == [CHAT]
    client = running.client_with(made["key"])
    assert [model.id for model in client.models.list()] == [CHAT]
    assert client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=2)
    with pytest.raises((openai.PermissionDeniedError, openai.NotFoundError)):
        client.embeddings.create(model=EMBEDDING, input="Hello!")


def test_a_misspelt_model_makes_no_key(llmaas, tmp_path):
    done = llmaas("keys", "create", "--name", "x", "--models", "granite3.3:8")
    assert done.code == Exit.USAGE
    assert "did you mean granite3.3:8b" in done.err
    assert keys(llmaas, tmp_path / "state") == []


def test_the_secret_is_shown_once(llmaas, tmp_path):
    secret = llmaas("keys", "create", "--name", "x").out.strip()
    listed = llmaas("keys", "list").out
    assert " x " in listed
    assert secret.rsplit("_", 1)[1] not in listed
    assert secret.split("_")[1] in listed


def test_without_a_key_the_list_says_how_to_make_one(llmaas):
    done = llmaas("keys", "list")
    assert done.code == Exit.OK
    assert "llmaas keys create" in done.out


def test_an_unknown_id_cannot_be_revoked(llmaas):
    done = llmaas("keys", "revoke", "nobody")
    assert done.code == Exit.USAGE
    assert "'nobody'" in done.err
    assert "llmaas keys list" in done.err


def test_a_damaged_key_store_is_named(llmaas, tmp_path):
    llmaas("keys", "create", "--name", "x")
    for path in (tmp_path / "state").glob("accounts.db*"):
        path.write_text("no database" * 100)
    done = llmaas("keys", "list")
    assert done.code == Exit.CANNOT_START
    assert str(tmp_path / "state" / "accounts.db") in done.err
    assert "Traceback" not in done.err


def keys(llmaas, state) -> list[dict]:
    return json.loads(llmaas("keys", "list", "--json", "--state-dir", state).out)
