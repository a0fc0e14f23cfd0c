"""The first lines somebody reads of a running service."""

import json
from pathlib import Path

from llmaas.cli.service.announce import Started, as_json, as_text

STARTED = Started(
    base_url="http://127.0.0.1:8080/v1",
    docs_url="http://127.0.0.1:8080/docs/",
    loopback=True,
    api_key="llmaas_id_secret",
    models=("a:1", "b:2"),
    stand_ins=("a:1", "b:2"),
    without_weights=(),
    example="a:1",
    state_dir=Path("/state"),
)


def changed(**facts) -> Started:
    return Started(**{**vars(STARTED), **facts})


def test_programs_get_one_line():
    assert json.loads(as_json(STARTED)) == {
        "base_url": "http://127.0.0.1:8080/v1",
        "docs_url": "http://127.0.0.1:8080/docs/",
        "api_key": "llmaas_id_secret",
        "models": ["a:1", "b:2"],
    }
    assert "\n" not in as_json(STARTED)


def test_stand_ins_are_said_with_what_to_do_about_them():
    assert "2, all on stand-in weights" in as_text(STARTED)
    assert "llmaas pull a:1" in as_text(STARTED)
    some = as_text(changed(stand_ins=("b:2",)))
    assert "2, of which 1 on stand-in weights" in some
    none = as_text(changed(stand_ins=()))
    assert "2, all with their own weights" in none
    assert "llmaas pull" not in none


def test_weights_are_pulled_to_where_the_service_looks():
    told = as_text(changed(pull_options=" --catalog my.yaml --state-dir /state"))
    assert "  llmaas pull a:1 --catalog my.yaml --state-dir /state     and start again" in told


def test_what_is_not_served_is_said():
    assert "Not served" not in as_text(STARTED)
    told = as_text(changed(without_weights=("c:3", "d:4")))
    assert "c:3, d:4: no weights here" in told


def test_a_service_open_to_the_network_says_so():
    assert "Open to" not in as_text(STARTED)
    assert "without TLS" in as_text(changed(loopback=False))


def test_the_example_is_a_command_that_a_shell_understands():
    import shlex

    (line,) = [line for line in as_text(STARTED).splitlines() if "curl" in line]
    words = shlex.split(line)
    assert words[:2] == ["curl", "http://127.0.0.1:8080/v1/chat/completions"]
    assert json.loads(words[-1])["model"] == "a:1"


def test_operators_use_keys_of_their_own_in_the_example():
    assert "Bearer $LLMAAS_API_KEY" in as_text(changed(api_key=None))


def test_without_a_model_that_chats_there_is_no_example():
    assert "curl" not in as_text(changed(example=None))
