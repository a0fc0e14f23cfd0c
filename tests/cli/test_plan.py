"""`llmaas plan` as it is typed: against a revision, a file, a bundle and a running service."""

import json
import os
import pty
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.cli.conftest import COMMAND, clean_environment

GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
DAY = ("--at", "2026-03-01", "--no-pages")


@pytest.fixture
def project(catalog, tmp_path) -> Path:
    """A repository with a catalogue in its first commit."""
    (tmp_path / "models_config.yaml").write_text(catalog.read_text(encoding="utf-8"))
    for arguments in (["init", "-q"], ["add", "models_config.yaml"], ["commit", "-qm", "first"]):
        subprocess.run([*GIT, *arguments], cwd=tmp_path, check=True)
    return tmp_path / "models_config.yaml"


def replace_in(path: Path, this: str, by: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert this in text
    path.write_text(text.replace(this, by, 1), encoding="utf-8")


def test_an_unchanged_catalogue_has_an_empty_plan(llmaas, project):
    done = llmaas("plan", *DAY)
    assert (done.code, done.err) == (0, "")
    assert done.out == "No changes against HEAD on 2026-03-01.\n"


def test_the_exit_code_is_that_of_the_gravest_change(llmaas, project):
    replace_in(project, "display_name: DeepCoder 14B", "display_name: DeepCoder")
    assert llmaas("plan", *DAY).code == 0
    replace_in(project, "eur: 4.00", "eur: 4.00 }\n      - { effective_on: 2027-01-01, eur: 5.00")
    assert llmaas("plan", *DAY).code == 10
    replace_in(project, "eur: 0.90", "eur: 1.90")
    assert llmaas("plan", *DAY).code == 11


def test_pages_are_counted_in_every_language(llmaas, project):
    replace_in(project, "display_name: DeepCoder 14B", "display_name: DeepCoder")
    out = llmaas("plan", "--at", "2026-03-01").out
    assert [f"  {language}  " in out for language in ("fr", "en", "es", "de", "it")] == [True] * 5
    assert "Pages" not in llmaas("plan", *DAY).out


def test_a_catalogue_is_compared_with_the_bundle_that_is_served(llmaas, project):
    assert llmaas("generate").code == 0
    assert "No changes" in llmaas("plan", "--against", "bundle", *DAY).out
    replace_in(project, "aliases: [deepcoder]", "aliases: [deepcode]")
    done = llmaas("plan", "--against", "bundle", *DAY)
    assert done.code == 11
    assert "alias deepcoder removed" in done.out
    assert "Not compared, because bundle does not tell" in done.out


def test_a_catalogue_is_compared_with_another_file(llmaas, project, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(project.read_text(encoding="utf-8"), encoding="utf-8")
    replace_in(other, "aliases: [deepcoder]", "aliases: []")
    assert "alias deepcoder added" in llmaas("plan", "--against", other, *DAY).out


def test_a_ledger_gives_the_effect_on_last_months_bill(llmaas, project, tmp_path):
    replace_in(project, "eur: 4.00", "eur: 4.00 }\n      - { effective_on: 2027-01-01, eur: 5.00")
    ledger = tmp_path / "month.csv"
    ledger.write_text("model,token_class,quantity\nqwen3:8b,output,30000000\n")
    done = llmaas("plan", "--format", "json", "--ledger", ledger, *DAY)
    (effect,) = json.loads(done.out)["last_month"]
    assert (effect["eur_before"], effect["eur_after"]) == ("120.00", "150.00")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("model,quantity\n", "line 1: no column token_class"),
        ("model,token_class,quantity\na,words,1\n", "line 2: token_class 'words'"),
        ("model,token_class,quantity\na,input,many\n", "line 2: quantity 'many'"),
    ],
)
def test_a_broken_ledger_is_named_with_its_line(llmaas, project, tmp_path, content, message):
    ledger = tmp_path / "month.csv"
    ledger.write_text(content)
    done = llmaas("plan", "--ledger", ledger, *DAY)
    assert done.code == 2
    assert message in done.err


def test_a_revision_that_is_none_is_named_with_the_alternatives(llmaas, project):
    done = llmaas("plan", "--against", "nowhere", *DAY)
    assert done.code == 2
    assert done.err.startswith("error: 'nowhere' is no directory with a bundle, no file, and no")
    assert "--against=" not in done.err


def test_a_revision_cannot_be_an_option_of_git(llmaas, project, tmp_path):
    written = tmp_path / "written"
    assert llmaas("plan", f"--against=--output={written}", *DAY).code == 2
    assert not written.exists()


def test_a_terminal_is_shown_colours(project):
    replace_in(project, "aliases: [deepcoder]", "aliases: []")
    leader, follower = pty.openpty()
    command = [*COMMAND, "plan", *DAY]
    environment = clean_environment(TERM="xterm")
    done = subprocess.run(
        command, cwd=project.parent, env=environment, stdout=follower, check=False, timeout=60
    )
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    assert done.returncode == 11
    assert "\x1b[1;31m  ! breaking: alias deepcoder removed" in shown


def answering(status: int, body: str):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture
def serve():
    servers = []

    def start(status: int, body: str) -> str:
        server = HTTPServer(("127.0.0.1", 0), answering(status, body))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        ((401, "{}"), 4, "give a key with --api-key"),
        ((500, "{}"), 4, "answers 500"),
        ((200, "<html>"), 1, "does not list models"),
        ((200, '{"data": [{"id": "gpt-4o"}]}'), 1, "does not list models"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_service_that_does_not_tell_is_explained(llmaas, serve, answer, code, message):
    done = llmaas("plan", "--against", serve(*answer), *DAY)
    assert done.code == code
    assert message in done.err


def test_a_service_that_is_not_there_is_explained(llmaas, project):
    done = llmaas("plan", "--against", "http://127.0.0.1:1", *DAY)
    assert done.code == 4
    assert "cannot be reached" in done.err


def test_a_running_service_is_asked_for_its_models(llmaas, running, catalog):
    address, key = running.ready["base_url"], running.ready["api_key"]
    same = llmaas("plan", catalog, "--against", address, LLMAAS_API_KEY=key)
    assert same.code == 0, same.out + same.err
    assert "No changes" in same.out
    assert "prices, tiers, security, machines and weights" in same.out
