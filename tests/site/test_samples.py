"""Every code sample of the prose runs against a service that was started for it.

Samples that need a framework run in `nox -s samples`, which names a directory with one virtual
environment per page in `SAMPLES_VENVS`.
"""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.missing import missing
from tests.recordings import recording
from tests.site.conftest import TODAY

from llmaas.bundle import Phase
from llmaas.catalog import parse_catalog
from llmaas.generators.site.prose.contents import paths, source
from llmaas.generators.site.prose.facts import ROLES, model_for
from llmaas.generators.site.prose.fences import fences
from llmaas.generators.site.views import view_catalog

EXECUTED = ("bash", "python", "javascript")
SHOWN_ONLY = ("sh", "json", "yaml")
PROMETHEUS = ("scrape_configs:", "groups:")
"""How its files begin; all other YAML is of the catalogue."""
OPENAI_FOR_NODE = "openai@6.49.0"
VENVS = os.environ.get("SAMPLES_VENVS")
REQUIREMENTS = Path(__file__).parent / "sample_requirements"


class Where(NamedTuple):
    path: str
    number: int


def needs_packages(path):
    return source(path).startswith("---\n") and "\npackages: [" in source(path)


def samples(*, frameworks):
    return [
        pytest.param(Where(path, number), id=f"{path}-{number}-{fence.language}")
        for path in paths()
        if needs_packages(path) is frameworks
        for number, fence in enumerate(fences(source(path)))
        if fence.language in EXECUTED
    ]


@pytest.fixture(scope="module")
def today():
    return TODAY


@pytest.fixture(scope="module")
def page_of(catalog, render, running_service):
    rendered = render(catalog, "fr", api_base_url=running_service.base_url)
    return rendered.pages.__getitem__


@pytest.fixture(scope="module")
def node_modules(tmp_path_factory):
    """A directory in which `import OpenAI from "openai"` works."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing("JavaScript samples need node and npm")
    directory = tmp_path_factory.mktemp("node")
    (directory / "package.json").write_text('{"private": true, "type": "module"}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", OPENAI_FOR_NODE]
    installed = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=120, check=False
    )
    if installed.returncode != 0:
        missing(f"npm cannot install {OPENAI_FOR_NODE}: {installed.stderr[-300:]}")
    return directory


def picture() -> bytes:
    """A small white PNG."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + b"\xff" * 3 * 8) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def run(command, directory, running_service):
    (directory / "picture.png").write_bytes(picture())
    (directory / "recording.mp3").write_bytes(recording(2, "mp3"))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")},
        "LLMAAS_API_KEY": running_service.api_key,
        "PYTHONWARNINGS": "default",
    }
    finished = subprocess.run(
        command,
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return finished.stdout


@pytest.fixture
def execute(running_service, tmp_path, request):
    """Runs a sample as its reader would; what it prints is an answer."""

    def execute(syntax, code):
        if syntax == "python":
            (tmp_path / "sample.py").write_text(code)
            assert run([sys.executable, "sample.py"], tmp_path, running_service).strip()
        elif syntax == "javascript":
            directory = request.getfixturevalue("node_modules")
            (directory / "sample.js").write_text(code)
            assert run(["node", "sample.js"], directory, running_service).strip()
        else:
            assert_answered(run(["bash", "-e", "-c", code], tmp_path, running_service))

    return execute


@pytest.mark.timeout(300)
@pytest.mark.parametrize("sample", samples(frameworks=False))
def test_a_sample_runs(sample, page_of, execute):
    fence = fences(page_of(sample.path))[sample.number]
    execute(fence.language, fence.code)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", ["index.md", "endpoints.md", "operate/administration.md"])
def test_the_samples_of_generated_pages_run(page, page_of, running_service, tmp_path, execute):
    run_here = [fence for fence in fences(page_of(page)) if fence.language in EXECUTED]
    assert run_here
    shutil.copy(running_service.state_dir / "admin-token", tmp_path)
    for fence in run_here:
        execute(fence.language, fence.code)


def assert_answered(said):
    """What curl printed is an answer: JSON documents, or a stream that came to its end."""
    if said.startswith("data: "):
        assert said.rstrip().endswith("data: [DONE]")
        return
    decoder, rest = json.JSONDecoder(), said.strip()
    assert rest
    while rest:
        answer, end = decoder.raw_decode(rest)
        assert "error" not in answer
        rest = rest[end:].strip()


@pytest.mark.timeout(300)
@pytest.mark.skipif(VENVS is None, reason="framework samples run in `nox -s samples`")
@pytest.mark.parametrize("sample", samples(frameworks=True))
def test_a_sample_of_a_framework_runs(sample, page_of, running_service, tmp_path):
    (tmp_path / "sample.py").write_text(fences(page_of(sample.path))[sample.number].code)
    python = Path(VENVS or "", Path(sample.path).stem, "bin", "python")
    assert run([str(python), "sample.py"], tmp_path, running_service).strip()


def test_every_page_that_needs_packages_has_their_exact_versions():
    needing = {Path(path).stem for path in paths() if needs_packages(path)}
    assert {file.stem for file in REQUIREMENTS.glob("*.txt")} == needing
    for file in REQUIREMENTS.glob("*.txt"):
        loose = [line for line in file.read_text().splitlines() if "==" not in line]
        assert loose == [], file.name


def test_every_code_block_is_executed_or_shown_only():
    languages = {fence.language for path in paths() for fence in fences(source(path))}
    assert languages <= {*EXECUTED, *SHOWN_ONLY}


def test_a_fragment_of_the_catalogue_is_valid_where_it_belongs(sites, catalog_text):
    shown = [
        f.code
        for page in sites["fr"].pages.values()
        for f in fences(page)
        if f.language == "yaml" and not f.code.startswith(PROMETHEUS)
    ]
    assert shown
    for fragment in shown:
        section, _, lines = fragment.partition("\n")
        assert f"\n{section}\n" in catalog_text
        whole = catalog_text.replace(f"\n{section}\n", f"\n{section}\n{lines}", 1)
        parsed = parse_catalog(whole.encode(), Path("models_config.yaml"))
        assert parsed.usable, [str(problem) for problem in parsed.problems]


def test_samples_name_models_through_the_catalogue(catalog):
    ids = {model.id for model in catalog.models} | {a for m in catalog.models for a in m.aliases}
    written = {
        (path, quoted)
        for path in paths()
        for quoted in re.findall(r'["`\' ,]([a-z0-9._-]+:[a-z0-9._-]+)["`\' ,\n]', source(path))
        if quoted in ids
    }
    assert written == set()


def test_no_sample_calls_a_model_that_has_left_or_is_leaving(catalog, today):
    view = view_catalog(catalog, today=today, base_url="https://service.example/v1")
    for role in ROLES:
        model = model_for(view, role)
        assert model is not None, f"no model of the catalogue is fit to be shown for {role!r}"
        assert model.phase is Phase.PRODUCTION
        assert not model.phase.leaving


def test_a_retired_or_leaving_model_is_never_chosen(catalog, today):
    view = view_catalog(catalog, today=today, base_url="https://service.example/v1")
    chosen = {model.id for role in ROLES if (model := model_for(view, role))}
    left = {m.id for m in view.models if m.phase.leaving or not m.phase.callable}
    assert left
    assert chosen.isdisjoint(left)


def test_the_samples_of_all_model_pages_are_those_that_ran_but_for_the_id(catalog, today):
    view = view_catalog(catalog, today=today, base_url="https://service.example/v1")
    kinds = {
        tuple(sample.code.replace(model.id, "ID") for sample in model.samples)
        for model in view.models
        if model.samples
    }
    assert len(kinds) == 3  # conversations, embeddings and recordings


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ["chat", "embedding", "audio"])
def test_the_samples_of_a_model_page_run(role, catalog, today, running_service, execute):
    model = model_for(view_catalog(catalog, today=today, base_url=running_service.base_url), role)
    assert {sample.syntax for sample in model.samples} == set(EXECUTED)
    for sample in model.samples:
        execute(sample.syntax, sample.code)
