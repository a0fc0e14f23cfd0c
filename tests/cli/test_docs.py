"""`llmaas docs`: a site on disk, or one that follows the catalogue while it is written."""

import importlib.util
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from tests.site.browsing import chromium_browser

from llmaas.cli.docs.site import docs_available
from llmaas.cli.exits import Exit
from llmaas.generators.site.build import REQUIRED


@pytest.fixture
def small(llmaas, tmp_path):
    """A catalogue of two languages and two models."""
    llmaas("init")
    return tmp_path / "models_config.yaml"


def test_a_site_is_built_and_replaced(llmaas, small, tmp_path):
    done = llmaas("docs", "build", "--out", "public")
    assert done.code == Exit.OK, done.err
    assert (tmp_path / "public" / "index.html").is_file()
    left_over = tmp_path / "public" / "left-over.html"
    left_over.write_text("")
    assert llmaas("docs", "build", "--out", "public").code == Exit.OK
    assert not left_over.exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_directory_that_is_no_site_is_never_replaced(llmaas, small, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.tex").write_text("years of work")
    done = llmaas("docs", "build", "--out", "thesis")
    assert done.code == Exit.USAGE
    assert "thesis exists" in done.err
    assert (tmp_path / "thesis" / "chapter-1.tex").exists()


def test_a_place_that_cannot_be_written_is_named(llmaas, small):
    done = llmaas("docs", "build", "--out", small / "public")
    assert done.code == Exit.CANNOT_START
    assert done.err.startswith(f"error: cannot write {small}")
    assert "--out" in done.err


def test_an_invalid_catalogue_builds_nothing(llmaas, small, tmp_path):
    small.write_text(small.read_text() + "\nunknown: 1\n")
    done = llmaas("docs", "build", "--out", "public")
    assert done.code == Exit.PROBLEMS
    assert "unknown-key" in done.err
    assert not (tmp_path / "public").exists()


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as page:
        return page.read().decode()


@contextmanager
def serving(catalogue):
    """`llmaas docs serve`, and its address."""
    command = [sys.executable, "-m", "llmaas.cli", "docs", "serve", "--port", "0"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, "--catalog", catalogue], text=True, **streams) as process:
        try:
            yield re.match(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        finally:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=20)
            print(told)
            assert process.returncode == Exit.OK


def rename(catalogue, name):
    text = re.sub(r"^  name: .+$", f"  name: {name}", catalogue.read_text(), flags=re.MULTILINE)
    catalogue.write_text(text)


def test_a_page_that_is_open_in_a_browser_follows_what_is_saved(small):
    with serving(small) as url, chromium_browser() as browser:
        page = browser.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url, wait_until="load")
        rename(small, "Renamed Service")
        page.wait_for_function("document.body?.innerText.includes('Renamed Service')")
        small.write_text("models: 7\n")
        # What is saved half-way is told in the terminal; the page stays.
        assert "Renamed Service" in fetch(url)
        assert complaints == []


def test_what_is_broken_is_told_and_the_next_version_is_shown(small, capsys):
    before = small.read_text()
    with serving(small) as url:
        small.write_text("models: 7\n")
        assert "Qwen3" in fetch(f"{url}models/")
        small.write_text(before.replace("Qwen3 4B", "Qwen3 Renamed"))
        give_up = time.monotonic() + 60
        while "Qwen3 Renamed" not in fetch(f"{url}models/"):
            assert time.monotonic() < give_up
            time.sleep(0.1)


def test_an_address_that_is_no_page_answers_404(small):
    with serving(small) as url:
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            fetch(f"{url}nothing/")
        refused.value.close()
        assert "<h1" in fetch(f"{url}models")


@pytest.fixture
def up(start, small, tmp_path):
    def begin(*arguments):
        options = ("--json", "--port", "0", "--catalog", small, "--state-dir", tmp_path / "state")
        return start("up", *options, *arguments)

    return begin


def test_up_serves_the_documentation_and_builds_it_once(up, tmp_path):
    first = up()
    assert first.ready["docs_url"].endswith("/docs/")
    assert "<h1" in fetch(first.ready["docs_url"])
    first.stop()
    (site,) = (tmp_path / "state" / "docs").iterdir()
    built = (site / "index.html").stat().st_mtime_ns
    # At the same address, which is in its samples.
    up("--port", str(urlsplit(first.ready["docs_url"]).port)).stop()
    assert (site / "index.html").stat().st_mtime_ns == built


def test_a_changed_catalogue_replaces_the_site(up, small, tmp_path):
    up().stop()
    (old,) = (tmp_path / "state" / "docs").iterdir()
    small.write_text(
        re.sub(r"\n  name: .+\n", "\n  name: Renamed Service\n", small.read_text(), count=1)
    )
    service = up()
    (new,) = (tmp_path / "state" / "docs").iterdir()
    assert new != old
    assert "Renamed Service" in fetch(service.ready["docs_url"])


def test_without_the_docs_extra_the_service_starts_all_the_same(small, tmp_path):
    program = (
        "import sys\n"
        "import llmaas.cli.docs.site as site\n"
        "site.docs_available = lambda: False\n"
        "from llmaas.cli import main\n"
        "main()\n"
    )
    options = ["up", "--json", "--port", "0", "--catalog", small, "--state-dir", tmp_path / "s"]
    with subprocess.Popen(
        [sys.executable, "-c", program, *options],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert '"docs_url": null' in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=40)
    assert "pip install 'llmaas[docs]'" in told


@pytest.mark.parametrize("package", REQUIRED)
def test_documentation_is_not_available_without_one_of_its_packages(package, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else found(name)
    )
    assert not docs_available()
