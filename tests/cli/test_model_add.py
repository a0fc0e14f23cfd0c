"""`llmaas edit model add`: from a hub without downloading weights, and by asking on a terminal."""

import hashlib
import json
import os
import pty
import re
import subprocess
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from gguf import GGUFWriter, LlamaFileType
from tests.cli.conftest import COMMAND, clean_environment

from llmaas.catalog import read_catalog
from llmaas.cli.edit.hub_weights import FIRST_BYTES
from llmaas.cli.exits import Exit

REPOSITORY, FILE = "example/tiny-GGUF", "tiny-Q4_K_M.gguf"
CHATML = "{% if tools %}<tool_call>{% endif %}<|im_start|>"


def weights(tmp_path, template=CHATML):
    """40 MB, of which the metadata is the smaller part."""
    path = tmp_path / "hub.gguf"
    writer = GGUFWriter(path, "qwen3")
    writer.add_name("Tiny Chat")
    writer.add_organization("Example")
    writer.add_basename("Tiny")
    writer.add_license("apache-2.0")
    writer.add_repo_url("https://hub.example.com/example/tiny-chat")
    writer.add_context_length(40960)
    writer.add_chat_template(template)
    writer.add_file_type(LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_tensor("token_embd.weight", np.zeros((2500, 4000), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


class Hub:
    """A model hub with one repository."""

    def __init__(self, content: bytes, files=(FILE,), *, ranges: bool = True) -> None:
        self.content, self.files, self.ranges = content, files, ranges
        self.sent = 0
        self.tokens: set[str | None] = set()
        self.url = ""


class Answering(BaseHTTPRequestHandler):
    def __init__(self, hub: Hub, *arguments) -> None:
        self.hub = hub
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self.answer(head=True)

    def do_GET(self) -> None:
        self.hub.tokens.add(self.headers.get("authorization"))
        if self.path == f"/api/models/{REPOSITORY}":
            listed = json.dumps({"siblings": [{"rfilename": name} for name in self.hub.files]})
            self.send(200, listed.encode())
        else:
            self.answer(head=False)

    def answer(self, *, head: bool) -> None:
        content = self.hub.content
        if self.path not in {f"/{REPOSITORY}/resolve/main/{name}" for name in self.hub.files}:
            self.send(404, b"")
        elif head:
            self.send(200, content, head=True)
        elif self.hub.ranges:
            first, last = map(
                int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["range"]).groups()
            )
            self.send(206, content[first : last + 1])
        else:
            self.send(200, content)

    def send(self, status: int, content: bytes, *, head: bool = False) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.send_header("etag", f'"{hashlib.sha256(self.hub.content).hexdigest()}"')
        self.end_headers()
        if head:
            return
        try:
            for start in range(0, len(content), 65536):
                self.wfile.write(content[start : start + 65536])
                self.hub.sent += len(content[start : start + 65536])
        except OSError:
            self.close_connection = True  # it has seen enough

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def hub_of():
    """Start hubs, which end with the test."""
    servers = []

    def start(hub: Hub) -> Hub:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answering, hub))
        thread = Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        return hub

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def add(llmaas, tmp_path):
    assert llmaas("init").code == Exit.OK

    def run(hub, *options, **variables):
        arguments = ("edit", "model", "add", "tiny:1b", "--repository", REPOSITORY, *options)
        return llmaas(*arguments, HF_ENDPOINT=hub.url, **variables)

    run.catalogue = tmp_path / "models_config.yaml"
    return run


def added(catalogue):
    return read_catalog(catalogue).catalog.models[-1]


def test_a_repository_tells_what_the_model_is_and_no_weights_are_downloaded(add, hub_of, tmp_path):
    hub = hub_of(Hub(weights(tmp_path)))
    done = add(hub, HF_TOKEN="secret")
    assert done.code == Exit.OK, done.err
    model = added(add.catalogue)
    assert (model.display_name, model.publisher, model.context_tokens) == (
        "Tiny Chat",
        "Example",
        40960,
    )
    assert (model.serving.chat_format, model.serving.tool_call_format) == ("chatml", "hermes")
    found = model.serving.weights
    assert (found.repository, found.file, found.verified) == (REPOSITORY, FILE, True)
    assert found.sha256 == hashlib.sha256(hub.content).hexdigest()
    assert hub.sent < len(hub.content) / 2
    assert hub.tokens == {"Bearer secret"}
    assert "secret" not in done.out + done.err


def test_metadata_that_is_longer_than_the_first_piece_is_read_to_its_end(add, hub_of, tmp_path):
    long = CHATML + "{# " + "x" * (FIRST_BYTES + 1000) + " #}"
    hub = hub_of(Hub(weights(tmp_path, long)))
    done = add(hub)
    assert done.code == Exit.OK, done.err
    assert added(add.catalogue).serving.chat_format == "chatml"
    assert FIRST_BYTES < hub.sent < len(hub.content)


def test_a_hub_without_ranges_is_hung_up_on(add, hub_of, tmp_path):
    hub = hub_of(Hub(weights(tmp_path), ranges=False))
    assert add(hub).code == Exit.OK
    assert hub.sent < len(hub.content)


def test_options_win_over_what_the_file_says(add, hub_of, tmp_path):
    hub = hub_of(Hub(weights(tmp_path)))
    assert add(hub, "--publisher", "Somebody").code == Exit.OK
    assert added(add.catalogue).publisher == "Somebody"


def test_several_files_are_named_to_choose_from(add, hub_of, tmp_path):
    hub = hub_of(Hub(weights(tmp_path), files=(FILE, "tiny-Q8_0.gguf", "README.md")))
    done = add(hub)
    assert done.code == Exit.USAGE
    assert f"name one with --file: {FILE}, tiny-Q8_0.gguf" in done.err
    assert add(hub, "--file", "tiny-Q8_0.gguf").code == Exit.OK
    assert added(add.catalogue).serving.weights.file == "tiny-Q8_0.gguf"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--file", "other.gguf"), Exit.NETWORK, "other.gguf: not on"),
        ((), Exit.PROBLEMS, "is no GGUF file"),
    ],
)
def test_what_the_hub_has_not_is_said_and_nothing_is_written(add, hub_of, options, code, said):
    before = add.catalogue.read_bytes()
    done = add(hub_of(Hub(b"no weights" * 1000)), *options)
    assert done.code == code
    assert said in done.err
    assert add.catalogue.read_bytes() == before


class Nowhere:
    url = "http://127.0.0.1:1"


def test_a_kind_that_there_is_not_is_refused_before_the_hub_is_asked(add):
    done = add(Nowhere, "--kind", "chat")
    assert done.code == Exit.USAGE
    assert "kinds: generation, embedding, transcription" in done.err


def test_a_hub_that_does_not_answer_is_named(add):
    done = add(Nowhere)
    assert done.code == Exit.NETWORK
    assert "127.0.0.1:1" in done.err


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, *arguments, cwd) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            env=clean_environment(LLMAAS_STATE_DIR=str(cwd / "state"), TERM="dumb"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.said = ""

    def until(self, text: str) -> None:
        while text not in self.said:
            self.said += self._read()

    def answer(self, question: str, text: str) -> None:
        self.until(question)
        self.said = ""
        os.write(self.ours, f"{text}\n".encode())

    def end(self) -> int:
        try:
            while True:
                self.said += self._read()
        except OSError:  # its other side is closed
            pass
        os.close(self.ours)
        return self.process.wait(20)

    def _read(self) -> str:
        return os.read(self.ours, 4096).decode()


def test_what_is_missing_is_asked_for_on_a_terminal(llmaas, tmp_path):
    assert llmaas("init").code == Exit.OK
    terminal = Terminal("edit", "model", "add", "tiny:1b", "--family", "Tiny", cwd=tmp_path)
    terminal.answer("display name:", "Tiny Chat")
    terminal.answer("publisher:", "Example")
    terminal.answer("upstream:", "example/tiny-chat")
    terminal.answer("licence:", "apache-2.0")
    terminal.answer("context tokens:", "many")
    terminal.answer("context tokens:", "8192")  # asked again: it was no number
    assert terminal.end() == Exit.OK, terminal.said
    model = added(tmp_path / "models_config.yaml")
    assert (model.display_name, model.family, model.context_tokens) == ("Tiny Chat", "Tiny", 8192)
    # The name and the terms of a known licence were not asked for.
    assert (model.licence.id, model.licence.commercial_use) == ("Apache-2.0", "yes")


def test_an_interrupted_question_changes_nothing(llmaas, tmp_path):
    assert llmaas("init").code == Exit.OK
    before = (tmp_path / "models_config.yaml").read_bytes()
    terminal = Terminal("edit", "model", "add", "tiny:1b", cwd=tmp_path)
    terminal.until("display name:")
    os.write(terminal.ours, b"\x04")  # Ctrl-D
    assert terminal.end() != Exit.OK
    assert "Traceback" not in terminal.said
    assert (tmp_path / "models_config.yaml").read_bytes() == before
