"""`llmaas pull` against a hub on this machine; resuming is tested with the workers' own tests."""

import hashlib
import re
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from msgspec.structs import replace

from llmaas.bundle import read_bundle
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.pull import wanted_files
from llmaas.reference import reference_directory
from llmaas.workers import plan_deployment

CONTENT = b"GGUF" + bytes(range(256)) * 2000
MODEL = "granite3.3:2b"
WHISPER = "/ggerganov/whisper.cpp/resolve/main/ggml-large-v3-turbo.bin"
PATH = "/ibm-granite/granite-3.3-2b-instruct-GGUF/resolve/main/"


class HubOnThisMachine(BaseHTTPRequestHandler):
    """Serves one file under every name below `PATH`, to whom the token allows."""

    def __init__(self, asked: list, *arguments) -> None:
        self.asked = asked
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        if self.answer():
            self.wfile.write(CONTENT)

    def answer(self) -> bool:
        self.asked.append((self.command, self.path, self.headers.get("authorization")))
        found = self.path.startswith((PATH, WHISPER))
        self.send_response(200 if found else 404)
        self.send_header("etag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
        self.send_header("content-length", str(len(CONTENT) if found else 0))
        self.end_headers()
        return found

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def asked():
    return []


@pytest.fixture
def hub(asked):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(HubOnThisMachine, asked))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_weights_are_pulled_and_there_the_second_time(llmaas, hub, asked, tmp_path):
    done = llmaas("pull", MODEL, HF_ENDPOINT=hub, HF_TOKEN="secret")
    assert done.code == Exit.OK, done.err
    (weights,) = (tmp_path / "state" / "weights").rglob("*.gguf")
    assert weights.read_bytes() == CONTENT
    assert {token for _, _, token in asked} == {"Bearer secret"}
    assert "secret" not in done.out + done.err
    asked.clear()
    assert llmaas("pull", MODEL, "--endpoint", hub).code == Exit.OK
    assert "GET" not in {method for method, _, _ in asked}


def test_weights_of_another_format_are_pulled_by_an_alias(llmaas, hub, tmp_path):
    done = llmaas("pull", "whisper-1", HF_ENDPOINT=hub)
    assert done.code == Exit.OK, done.err
    planned = plan_deployment(
        read_bundle(reference_directory()).workers,
        weights_dir=tmp_path / "state" / "weights",
        stand_ins=None,
    )
    assert planned["whisper"].weights_path.name == "ggml-large-v3-turbo.bin"


def test_pulled_weights_are_planned_for_the_next_start(llmaas, hub, tmp_path):
    llmaas("pull", MODEL, HF_ENDPOINT=hub)
    planned = plan_deployment(
        read_bundle(reference_directory()).workers,
        weights_dir=tmp_path / "state" / "weights",
        stand_ins=None,
    )
    assert list(planned) == [MODEL]


def test_what_the_hub_does_not_have_is_named(llmaas, hub):
    done = llmaas("pull", "gemma3:1b", HF_ENDPOINT=hub)
    assert done.code == Exit.NETWORK
    assert re.search(r"^error: .*gguf", done.err, re.MULTILINE)
    assert "Traceback" not in done.err


def test_a_hub_that_does_not_answer_is_a_network_failure(llmaas):
    done = llmaas("pull", MODEL, HF_ENDPOINT="http://127.0.0.1:1")
    assert done.code == Exit.NETWORK
    assert "http://127.0.0.1:1" in done.err
    assert "Traceback" not in done.err


def test_an_unknown_model_is_answered_with_a_suggestion(llmaas):
    done = llmaas("pull", "granite3.3:2")
    assert done.code == Exit.USAGE
    assert "did you mean granite3.3:2b" in done.err


def test_a_model_without_weights_in_the_catalogue_is_said():
    bundle = read_bundle(reference_directory())
    without = replace(bundle, workers=tuple(replace(spec, weights=None) for spec in bundle.workers))
    with pytest.raises(CommandError, match=f"names no weights for {MODEL}"):
        wanted_files(without, [MODEL])


def test_a_vision_model_is_pulled_with_its_projector():
    bundle = read_bundle(reference_directory())
    (spec, *_) = [spec for spec in bundle.workers if spec.mmproj is not None]
    (model,) = [route.model for route in bundle.routing if route.pool == spec.pool]
    assert wanted_files(bundle, [model]) == (spec.weights, spec.mmproj)
