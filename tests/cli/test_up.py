"""`llmaas up`, as a new user and a service manager meet it."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

import openai
import psutil
import pytest

from llmaas.bundle import read_bundle
from llmaas.cli.exits import Exit

CHAT = "granite3.3:8b"
EMBEDDING = "granite-embedding:278m"
HELLO = [{"role": "user", "content": "Hello!"}]


@pytest.fixture
def up(start, catalog, tmp_path):
    """Start `llmaas up` on the catalogue, with the state of this test."""

    def begin(*arguments):
        options = ("--json", "--port", "0", "--no-docs", "--state-dir", tmp_path / "state")
        given = () if "--catalog" in arguments else ("--catalog", catalog)
        return start("up", *options, *given, *arguments)

    return begin


@pytest.fixture
def refused(llmaas, catalog):
    """Run `llmaas up` where it cannot start."""

    def run(*arguments, **variables):
        given = () if "--catalog" in arguments else ("--catalog", catalog)
        return llmaas("up", "--port", "0", "--no-docs", *given, *arguments, **variables)

    return run


def test_the_json_line_says_all_that_a_program_needs(running):
    assert sorted(running.ready) == ["api_key", "base_url", "docs_url", "models"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", running.ready["base_url"])
    assert running.ready["docs_url"] is None
    assert running.ready["api_key"].startswith("llmaas_")
    assert {CHAT, EMBEDDING} <= set(running.ready["models"])


def test_the_official_client_lists_chats_streams_and_embeds(running):
    client = running.client
    assert {model.id for model in client.models.list()} == set(running.ready["models"])
    answer = client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=20)
    assert answer.choices[0].message.content
    stream = client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=20, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    vectors = client.embeddings.create(model=EMBEDDING, input="Hello!")
    assert len(vectors.data[0].embedding) == 768


def test_progress_goes_to_stderr_in_plain_lines(running):
    told = running.log.read_text()
    assert "Compile" in told
    assert "\x1b[" not in told


def test_sigterm_ends_it_with_every_child_and_nothing_more_on_stdout(up):
    service = up()
    service.client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=5)
    children = service.children()
    assert children
    assert service.stop(signal.SIGTERM) == (Exit.OK, "")
    assert service.gone(children, within_s=0.5)
    assert "Traceback" not in service.log.read_text()


def test_ctrl_c_reaches_the_whole_process_group_and_is_a_clean_end(up):
    service = up()
    children = service.children()  # a pinned model is being loaded
    os.killpg(service.process.pid, signal.SIGINT)
    assert service.stop(signal.SIGCONT) == (Exit.OK, "")
    assert service.gone(children, within_s=0.5)
    assert "Traceback" not in service.log.read_text()


def test_workers_vanish_when_it_is_killed(up):
    service = up()
    service.client.chat.completions.create(model=CHAT, messages=HELLO, max_tokens=5)
    children = service.children()
    assert children
    service.process.kill()
    assert service.gone(children, within_s=15)


def test_a_second_start_reuses_key_and_stand_ins(up, tmp_path):
    first = up()
    first.stop()
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "state/stand-ins").iterdir()}
    assert made
    second = up()
    assert second.ready["api_key"] == first.ready["api_key"]
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert "files changed" not in second.log.read_text()
    assert second.stop()[0] == Exit.OK


def test_the_local_key_is_for_its_owner_alone(up, tmp_path):
    up().stop()
    key = tmp_path / "state" / "local-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    key.chmod(0o644)
    told = up().log.read_text()
    assert f"warning: {key} can be read by other users" in told
    assert f"chmod 600 {key}" in told


def test_only_the_models_asked_for_are_served(up):
    service = up("--models", f"{CHAT},{EMBEDDING}")
    assert sorted(service.ready["models"]) == [EMBEDDING, CHAT]
    assert sorted(model.id for model in service.client.models.list()) == [EMBEDDING, CHAT]
    with pytest.raises(openai.NotFoundError):
        service.client.chat.completions.create(model="gemma3:1b", messages=HELLO)


def test_an_unknown_model_is_refused_with_a_suggestion(refused):
    done = refused("--models", "granite3.3:8")
    assert done.code == Exit.USAGE
    assert done.out == ""
    assert "error: unknown model 'granite3.3:8'" in done.err
    assert "did you mean granite3.3:8b" in done.err


def test_editing_a_price_and_starting_again_changes_the_bundle(up, catalog, tmp_path):
    edited = tmp_path / "models_config.yaml"
    shutil.copy(catalog, edited)
    up("--catalog", edited).stop()
    before = read_bundle(tmp_path / "state" / "bundle")
    edited.write_text(re.sub(r"eur: 0\.90\b", "eur: 0.97", edited.read_text()))
    up("--catalog", edited).stop()
    after = read_bundle(tmp_path / "state" / "bundle")
    changed = {price.id for price in after.prices} - {
        price.id for price in after.prices if price in before.prices
    }
    assert changed == {"input"}
    assert after.routing == before.routing


def test_without_a_catalogue_the_reference_bundle_is_served_without_documentation(start, tmp_path):
    service = start("up", "--json", "--port", "0", "--state-dir", tmp_path / "state")
    assert CHAT in service.ready["models"]
    assert service.ready["docs_url"] is None
    assert "llmaas init" in service.log.read_text()


def test_a_port_in_use_is_named_with_the_option_that_changes_it(refused):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = refused("--port", str(port))
    assert done.code == Exit.CANNOT_START
    assert done.out == ""
    assert str(port) in done.err.splitlines()[-2]
    assert "--port" in done.err
    assert "Traceback" not in done.err


def test_a_host_of_another_machine_is_refused(refused):
    done = refused("--host", "192.0.2.1")
    assert done.code == Exit.CANNOT_START
    assert "192.0.2.1" in done.err
    assert "--host" in done.err


def test_a_second_up_on_the_same_state_directory_names_the_first(up, refused, tmp_path):
    service = up()
    done = refused()
    assert done.code == Exit.CANNOT_START
    assert f"{tmp_path / 'state'} is in use by `llmaas up` (process {service.process.pid})" in (
        done.err
    )
    assert "--state-dir" in done.err


def test_a_state_directory_that_cannot_be_written_is_named(refused, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = refused("--state-dir", blocked / "state")
    assert done.code == Exit.CANNOT_START
    assert f"error: cannot write {blocked / 'state'}: Not a directory" in done.err
    assert "--state-dir" in done.err


def test_an_invalid_catalogue_is_explained_as_check_explains_it(refused, llmaas, catalog, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text(catalog.read_text().replace("\nlifecycle:\n", "\nlifecycel:\n", 1))
    done = refused("--catalog", broken)
    assert done.code == Exit.PROBLEMS
    assert done.out == ""
    assert llmaas("check", broken).out.strip() in done.err
    assert "Traceback" not in done.err


def popen(*arguments, **streams):
    command = [sys.executable, "-m", "llmaas.cli", *map(str, arguments)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, **streams)


def test_a_person_is_told_what_runs_where_and_what_to_try(catalog, tmp_path):
    options = ("--catalog", catalog, "--state-dir", tmp_path / "state")
    with popen("up", "--port", 0, "--no-docs", *options, stderr=subprocess.DEVNULL) as process:
        told = ""
        while "curl " not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == Exit.OK
    key = (tmp_path / "state" / "local-key").read_text().strip()
    for expected in (
        r"API +http://127\.0\.0\.1:\d+/v1",
        r"Documentation +not served",
        rf"API key +{key}",
        r"Models +\d+, all on stand-in weights",
        rf"State +{tmp_path / 'state'}",
        r"Ctrl-C",
        rf"llmaas pull granite3\.3:8b --catalog {catalog} --state-dir {tmp_path / 'state'} ",
        rf'curl http://127\.0\.0\.1:\d+/v1/chat/completions -H "Authorization: Bearer {key}"',
    ):
        assert re.search(expected, told), expected


def test_an_interrupt_before_it_is_ready_leaves_nothing_behind(catalog, tmp_path):
    options = ("--catalog", catalog, "--state-dir", tmp_path / "state")
    with popen("up", "--json", "--port", 0, *options, stderr=subprocess.PIPE) as process:
        while "Stand-in weights" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == Exit.INTERRUPTED
    assert out == ""
    assert "Traceback" not in err
    sites = tmp_path / "state" / "docs"
    assert not sites.exists() or not list(sites.iterdir())


def test_a_second_signal_ends_it_at_once(catalog, tmp_path):
    options = ("--catalog", catalog, "--state-dir", tmp_path / "state")
    with popen("up", "--json", "--port", 0, "--no-docs", *options, stderr=subprocess.PIPE) as up:
        ready = json.loads(up.stdout.readline())
        client = openai.OpenAI(base_url=ready["base_url"], api_key=ready["api_key"])
        with client.chat.completions.create(
            model=CHAT, messages=HELLO, max_tokens=8000, stream=True
        ) as stream:
            next(iter(stream))
            children = psutil.Process(up.pid).children(recursive=True)
            up.send_signal(signal.SIGINT)
            while "Stopping" not in up.stderr.readline():
                assert up.poll() is None
            up.send_signal(signal.SIGINT)
            up.wait(40)
        assert up.returncode in {Exit.OK, Exit.INTERRUPTED}  # it may have finished just before
    assert not psutil.wait_procs(children, timeout=15)[1]
