"""The hooks in a repository that holds a catalogue, as git calls them through pre-commit.

`nox -s editor` says where pre-commit is.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import clean_environment

VARIABLE = "LLMAAS_TEST_PRE_COMMIT"
pytestmark = pytest.mark.skipif(
    VARIABLE not in os.environ, reason="pre-commit is not installed: nox -s editor"
)
REPOSITORY = Path(__file__).parents[2]


class Project:
    """A repository with a catalogue, whose commits and pushes are checked."""

    def __init__(self, place: Path, pre_commit: list[str]) -> None:
        self.place = place / "project"
        self.place.mkdir()
        self.pre_commit = pre_commit
        self.environment = clean_environment(
            PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            PRE_COMMIT_HOME=str(place / "pre-commit"),
            XDG_CACHE_HOME=str(place / "cache"),
            GIT_CONFIG_GLOBAL=os.devnull,
        )
        hooks = place / "hooks"
        hooks.mkdir()
        shutil.copy(REPOSITORY / ".pre-commit-hooks.yaml", hooks)
        for command in ("init -q", "add -A", "commit -q -m hooks"):
            self.git(command, cwd=hooks)
        revision = self.git("rev-parse HEAD", cwd=hooks).stdout.strip()
        (self.place / ".pre-commit-config.yaml").write_text(
            f"repos:\n  - repo: {hooks}\n    rev: {revision}\n    hooks:\n"
            "      - { id: llmaas-check }\n"
            "      - { id: llmaas-generate }\n"
            "      - { id: llmaas-plan }\n"
        )
        self.git("init -q")
        self.run("llmaas", "init")
        self.run("llmaas", "generate")
        self.run(*pre_commit, "install", "--hook-type", "pre-commit", "--hook-type", "pre-push")
        self.git("add -A")
        self.git("commit -q -m first")

    @property
    def catalogue(self) -> Path:
        return self.place / "models_config.yaml"

    def change(self, pattern: str, by: str) -> None:
        changed, times = re.subn(pattern, by, self.catalogue.read_text(), count=1)
        assert times == 1
        self.catalogue.write_text(changed)

    def commit(self) -> subprocess.CompletedProcess[str]:
        self.git("add -A")
        return self.git("commit -q -m change", check=False)

    def git(
        self, command: str, *, cwd: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        who = ("-c", "user.name=A test", "-c", "user.email=test@example.org")
        return self.run("git", *who, *command.split(), cwd=cwd, check=check)

    def run(
        self, *command: str, cwd: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=cwd or self.place,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert not check or done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, shlex.split(os.environ[VARIABLE]))


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def test_a_mistake_is_not_committed(project: Project) -> None:
    project.change(r"\nlifecycle:\n", "\nlifecycel:\n")
    stopped = project.commit()
    assert stopped.returncode != 0
    assert "error[unknown-key]" in said(stopped)


def test_a_change_is_committed_with_what_is_generated_from_it(project: Project) -> None:
    project.change("display_name: Qwen3 4B", "display_name: Qwen3 Four")
    stopped = project.commit()
    assert stopped.returncode != 0
    assert "files were modified by this hook" in said(stopped)
    again = project.commit()
    assert again.returncode == 0, said(again)
    changed = project.git("show --name-only --format=").stdout.split()
    assert {"models_config.yaml", "bundle/routing.json", "bundle/manifest.json"} <= set(changed)


def test_other_files_are_committed_without_a_question(project: Project) -> None:
    (project.place / "README.md").write_text("more\n")
    done = project.commit()
    assert done.returncode == 0
    assert "Passed" not in said(done)


def test_a_broken_promise_is_committed_and_not_pushed(project: Project) -> None:
    origin = project.place.parent / "origin.git"
    project.run("git", "init", "-q", "--bare", str(origin))
    project.git(f"remote add origin {origin}")
    push = "push -q origin HEAD:main"
    assert project.git(push, check=False).returncode == 0
    project.change("removal_notice_months: 3", "removal_notice_months: 2")
    project.run("llmaas", "generate")
    done = project.commit()
    assert done.returncode == 0, said(done)
    stopped = project.git(push, check=False)
    assert stopped.returncode != 0
    assert "llmaas plan" in said(stopped)
    # It is compared with what the remote has, not with the commit that was just made.
    assert "removal_notice_months: 3 → 2" in said(stopped)
    project.change("removal_notice_months: 2", "removal_notice_months: 3")
    project.run("llmaas", "generate")
    assert project.commit().returncode == 0
    again = project.git(push, check=False)
    assert again.returncode == 0, said(again)
