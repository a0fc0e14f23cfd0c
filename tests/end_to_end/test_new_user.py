"""What a new user does first, with the tools a new user has: the OpenAI client, curl, a browser."""

import base64
import json
import shutil
import struct
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openai
import pytest
from tests.recordings import recording

from llmaas.bundle import Phase, phase_at, read_bundle
from llmaas.reference import reference_directory

CHAT = "granite3.3:8b"
EMBEDDING = "granite-embedding:278m"


def ids_in(*phases: Phase) -> list[str]:
    bundle = read_bundle(reference_directory())
    today = datetime.now(ZoneInfo(bundle.service.time_zone)).date()
    entries = bundle.lifecycle
    return [entry.model for entry in entries if phase_at(entry, today) in phases]


def test_the_client_lists_the_models_that_can_be_called(service):
    listed = {model.id for model in service.client.models.list()}
    assert listed == set(service.models)
    assert {CHAT, EMBEDDING} <= listed
    assert not listed & set(ids_in(Phase.RETIRED, Phase.UPCOMING))


def test_the_client_chats(service):
    answer = service.client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": "Hello!"}], max_tokens=40
    )
    assert answer.object == "chat.completion"
    assert answer.model == CHAT
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.completion_tokens <= 40


def test_the_client_streams(service):
    stream = service.client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Hello!"}],
        max_tokens=40,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    finished = [c.choices[0].finish_reason for c in chunks[:-1] if c.choices[0].finish_reason]
    assert finished in (["stop"], ["length"])
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1])


def test_a_streamed_answer_is_the_plain_answer_in_pieces(service):
    def ask(stream: bool):
        return service.client.chat.completions.create(
            model=CHAT,
            messages=[{"role": "user", "content": "What is this service?"}],
            max_tokens=60,
            temperature=0,
            stream=stream,
        )

    pieces = [c.choices[0].delta.content or "" for c in ask(True) if c.choices]
    assert "".join(pieces) == ask(False).choices[0].message.content
    assert len(pieces) > 2


def test_the_client_embeds_in_floats_and_in_base64(service):
    texts = ["Bonjour", "Guten Tag"]
    floats = service.client.embeddings.create(
        model=EMBEDDING, input=texts, encoding_format="float"
    ).data
    encoded = service.client.post(
        "/embeddings",
        body={"model": EMBEDDING, "input": texts, "encoding_format": "base64"},
        cast_to=object,
    )
    assert [len(item.embedding) for item in floats] == [768, 768]
    for item, other in zip(floats, encoded["data"], strict=True):
        assert sum(x * x for x in item.embedding) == pytest.approx(1, abs=1e-3)
        decoded = struct.unpack("<768f", base64.b64decode(other["embedding"]))
        assert decoded == pytest.approx(item.embedding, abs=1e-5)


def curl(service, path: str, *options: str) -> tuple[int, dict[str, str], dict]:
    """Status, headers and JSON body of one request made by curl."""
    assert shutil.which("curl"), "curl is what users try first: apt-get install curl"
    done = subprocess.run(
        [
            *("curl", "-sS", "-D", "/dev/stderr", "-w", "\n%{http_code}"),
            service.base_url + path,
            *options,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    body, status = done.stdout.rsplit("\n", 1)
    headers = dict(line.lower().split(": ", 1) for line in done.stderr.splitlines() if ": " in line)
    return int(status), headers, json.loads(body)


def chat_body(model: str) -> list[str]:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}
    return ["-H", "Content-Type: application/json", "-d", json.dumps(body)]


def test_curl_without_a_key_gets_a_helpful_401(service):
    status, headers, body = curl(service, "/models")
    assert status == 401
    assert headers["www-authenticate"].startswith("bearer")
    assert headers["x-request-id"]
    assert body["error"]["type"] == "authentication_error"
    assert "llmaas keys create" in body["error"]["message"]


def test_curl_with_an_unknown_model_gets_a_404_with_a_suggestion(service):
    key = ["-H", f"Authorization: Bearer {service.api_key}"]
    status, _, body = curl(service, "/chat/completions", *key, *chat_body("granite3.3:8"))
    assert status == 404
    assert body["error"]["code"] == "model_not_found"
    assert body["error"]["param"] == "model"
    assert CHAT in body["error"]["message"]


def test_curl_with_a_retired_model_gets_a_410_naming_the_successor(service):
    retired = ids_in(Phase.RETIRED)
    assert retired
    entries = {entry.model: entry for entry in read_bundle(reference_directory()).lifecycle}
    key = ["-H", f"Authorization: Bearer {service.api_key}"]
    for model in retired:
        status, _, body = curl(service, "/chat/completions", *key, *chat_body(model))
        assert status == 410
        assert body["error"]["code"] == "model_retired"
        assert entries[model].successor in body["error"]["message"]


def test_a_model_past_its_support_answers_and_says_so_in_its_headers(service):
    entries = {entry.model: entry for entry in read_bundle(reference_directory()).lifecycle}
    model = next(m for m in ids_in(Phase.END_OF_SUPPORT) if m in service.models)
    key = ["-H", f"Authorization: Bearer {service.api_key}"]
    status, headers, _ = curl(service, "/chat/completions", *key, *chat_body(model))
    assert status == 200
    assert headers["deprecation"].startswith("@")
    assert f"{entries[model].successor}" in headers["link"]
    assert headers["x-llmaas-stand-in"] == "true"


@pytest.mark.timeout(600)
def test_every_listed_model_answers(service):
    bundle = read_bundle(reference_directory())
    routes = {route.model: route for route in bundle.routing}
    for model in service.models:
        if "embeddings" in routes[model].endpoints:
            vectors = service.client.embeddings.create(model=model, input="Hello")
            assert vectors.data[0].embedding
        elif "audio.transcriptions" in routes[model].endpoints:
            sound = ("tone.wav", recording(1, "wav"))
            assert service.client.audio.transcriptions.create(model=model, file=sound).text
        else:
            answer = service.client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "Hello"}], max_tokens=3
            )
            assert answer.usage is not None
            assert answer.usage.completion_tokens > 0


def test_a_wrong_value_is_refused_with_the_parameter_named(service):
    with pytest.raises(openai.BadRequestError) as refusal:
        service.client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "Hi"}], temperature=7
        )
    assert refusal.value.param == "temperature"


def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(service):
    served = next(m for m in service.client.models.list() if m.id == EMBEDDING).max_model_len
    with pytest.raises(openai.BadRequestError) as refusal:
        service.client.embeddings.create(model=EMBEDDING, input="mot " * 5000)
    assert refusal.value.code == "context_length_exceeded"
    assert str(served) in refusal.value.message


def test_the_served_openapi_document_is_the_committed_one(service):
    root = service.base_url.removesuffix("/v1")
    served = subprocess.run(
        ["curl", "-sS", f"{root}/openapi.json"], capture_output=True, check=True, timeout=60
    ).stdout
    committed = (reference_directory() / "openapi.json").read_bytes()
    assert json.loads(served) == json.loads(committed)


def test_a_misspelt_key_gets_a_helpful_error(tmp_path: Path, catalog_copy: Path):
    import sys

    broken = tmp_path / "models_config.yaml"
    text = catalog_copy.read_text()
    broken.write_text(text.replace("\nlifecycle:\n", "\nlifecycel:\n", 1))
    line = 1 + broken.read_text().splitlines().index("lifecycel:")
    done = subprocess.run(
        [sys.executable, "-m", "llmaas.cli", "check", str(broken)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert f"{broken}:{line}:1: error[unknown-key]" in said
    assert "lifecycle" in said.split("help:", 1)[1].splitlines()[0]
    assert "Traceback" not in said
