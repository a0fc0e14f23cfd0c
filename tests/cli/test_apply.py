"""`llmaas apply` as a maintainer and a bad day meet it."""

import json
import re
import shutil
import signal
import subprocess
import urllib.request
from itertools import pairwise
from threading import Event, Thread

import pytest
from tests.cli.conftest import COMMAND, clean_environment

from llmaas.bundle import read_bundle
from llmaas.cli.exits import Exit

CHAT = "granite3.3:8b"


@pytest.fixture
def project(catalog, tmp_path):
    shutil.copy(catalog, tmp_path / "models_config.yaml")
    return tmp_path


@pytest.fixture
def up(start, project):
    options = ("--json", "--port", "0", "--no-docs", "--models", CHAT)
    return lambda: start("up", *options, "--state-dir", project / "state")


def rename(project, name):
    path = project / "models_config.yaml"
    path.write_text(re.sub(r"owned_by: .*", f"owned_by: {name}", path.read_text(), count=1))


def stamp(service):
    url = service.ready["base_url"].removesuffix("/v1") + "/health/live"
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.headers["x-llmaas-catalogue"]


def owner(service):
    return service.client.models.retrieve(CHAT).owned_by


def test_a_change_goes_live_without_a_restart_and_back(up, project, llmaas):
    service = up()
    before, children = stamp(service), {child.pid for child in service.children()}
    first = owner(service)
    rename(project, "Somebody")
    done = llmaas("apply", "--json")
    assert done.code == Exit.OK, done.err
    facts = json.loads(done.out)
    assert facts["serving"]
    assert stamp(service) == facts["catalogue_sha256"][:12] != before
    assert owner(service) == "Somebody"
    assert llmaas("apply", "--rollback").code == Exit.OK
    assert (stamp(service), owner(service)) == (before, first)
    assert children <= {child.pid for child in service.children()}
    trail = [json.loads(line)["record"] for line in llmaas("audit", "export").out.splitlines()]
    changes = [
        record for record in trail if record.get("action", "").startswith(("service.", "bundle."))
    ]
    assert [change["action"] for change in changes] == [
        "service.start",
        "bundle.apply",
        "bundle.rollback",
    ]
    assert changes[1]["details"]["catalogue"] == facts["catalogue_sha256"]
    assert changes[0]["details"]["catalogue"] == changes[2]["details"]["catalogue"]
    assert "unbroken" in llmaas("audit", "verify").out
    entries = json.loads(llmaas("apply", "--history", "--json").out)
    assert [entry["action"] for entry in entries] == ["start", "apply", "rollback"]
    assert {entry["outcome"] for entry in entries} == {"serving"}
    shown = llmaas("apply", "--history").out.splitlines()
    assert [line.startswith("*") for line in shown] == [True, False, False]
    assert service.stop()[0] == Exit.OK


def test_the_documentation_changes_with_the_catalogue_and_is_there_all_the_time(
    start, llmaas, tmp_path
):
    assert llmaas("init").code == Exit.OK
    path = tmp_path / "models_config.yaml"
    path.write_text(re.sub(r"languages: \[.*?\]", "languages: [en]", path.read_text(), count=1))
    service = start("up", "--json", "--port", "0", "--state-dir", tmp_path / "state")
    url = service.ready["docs_url"] + "models/qwen3-4b/"
    seen, over = [], Event()

    def look():
        while not over.is_set():
            with urllib.request.urlopen(url, timeout=20) as answer:
                seen.append((answer.status, "Qwen3 Renamed" in answer.read().decode()))

    reader = Thread(target=look)
    reader.start()
    try:
        path.write_text(
            path.read_text().replace("display_name: Qwen3 4B", "display_name: Qwen3 Renamed")
        )
        done = llmaas("apply", "--json")
        assert done.code == Exit.OK, done.err
        with urllib.request.urlopen(url, timeout=20) as answer:
            # What a reader sees and what a request meets change together.
            page = answer.read().decode()
            assert "Qwen3 Renamed" in page
            assert service.ready["base_url"] in page
            stamped = answer.headers["x-llmaas-catalogue"]
        assert stamped == json.loads(done.out)["catalogue_sha256"][:12]
        assert llmaas("apply", "--rollback").code == Exit.OK
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert "Qwen3 Renamed" not in answer.read().decode()
    finally:
        over.set()
        reader.join()
    assert {status for status, _ in seen} == {200}
    versions = [renamed for _, renamed in seen]
    changes = [one for one, other in pairwise(versions) if one != other]
    assert changes in ([False], [False, True])


def test_an_invalid_catalogue_changes_nothing(up, project, llmaas):
    service = up()
    before = stamp(service)
    (project / "models_config.yaml").write_text("models: 7\n")
    assert llmaas("apply").code == Exit.PROBLEMS
    assert stamp(service) == before


def test_a_broken_promise_is_not_applied_unless_one_insists(up, project, llmaas):
    service = up()
    before = stamp(service)
    path = project / "models_config.yaml"
    path.write_text(re.sub(r"eur: 0\.90\b", "eur: 0.97", path.read_text()))
    done = llmaas("apply")
    assert done.code == Exit.BREAKING
    assert "--allow-breaking" in done.err
    assert stamp(service) == before
    assert llmaas("apply", "--allow-breaking").code == Exit.OK
    assert stamp(service) != before


def test_without_a_service_it_is_put_in_place_for_the_next_one(project, llmaas):
    done = llmaas("apply")
    assert done.code == Exit.OK, done.err
    assert "no service runs" in done.out
    assert read_bundle(project / "state" / "bundle").routing
    assert llmaas("apply", "--rollback").code == Exit.USAGE


@pytest.mark.parametrize("after_lines", [0, 1, 2])
def test_an_apply_that_is_killed_leaves_one_whole_version(up, project, llmaas, after_lines):
    service = up()
    before = stamp(service)
    rename(project, "Somebody")
    with subprocess.Popen(
        [*COMMAND, "apply"],
        cwd=project,
        env=clean_environment(LLMAAS_STATE_DIR=str(project / "state")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as killed:
        for _ in range(after_lines):
            killed.stderr.readline()
        killed.kill()
    assert stamp(service)
    assert read_bundle(project / "state" / "bundle").routing
    done = llmaas("apply", "--json")
    assert done.code == Exit.OK, done.err
    assert stamp(service) == json.loads(done.out)["catalogue_sha256"][:12] != before


def test_a_service_that_was_killed_starts_again_beside_its_old_socket(up, project, llmaas):
    service = up()
    children = service.children()
    service.process.send_signal(signal.SIGKILL)
    assert service.gone(children, within_s=15)
    service.process.wait(20)
    assert (project / "state" / "control").exists()
    again = up()
    rename(project, "Somebody")
    assert llmaas("apply").code == Exit.OK
    assert owner(again) == "Somebody"
