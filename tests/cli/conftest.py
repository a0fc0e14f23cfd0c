"""The command as a user runs it: a process of its own, in a directory of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import openai
import psutil
import pytest

REPOSITORY = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "llmaas.cli"]


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment without what would change a command or its output."""
    dropped = ("LLMAAS_", "HF_", "COLUMNS", "LINES", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | variables


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


def run_command(*arguments: str | Path, cwd: Path, **variables: str) -> Finished:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


class Up:
    """A running `llmaas up` (or `serve`); `ready` is what its JSON line said."""

    def __init__(self, *arguments: str | Path, cwd: Path, log: Path) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*COMMAND, *map(str, arguments)],
                cwd=cwd,
                env=clean_environment(),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        line = self.process.stdout.readline()
        if not line:
            self.process.stdout.close()
            self.process.wait(20)
            raise AssertionError(f"it ended: {log.read_text()}")
        self.ready = json.loads(line)

    @property
    def client(self) -> openai.OpenAI:
        return self.client_with(self.ready["api_key"])

    def client_with(self, key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.ready["base_url"], api_key=key, max_retries=0)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    @staticmethod
    def gone(processes: list[psutil.Process], *, within_s: float) -> bool:
        _, alive = psutil.wait_procs(processes, timeout=within_s)
        return not alive

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """The exit code, and what it printed on stdout after the JSON line."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(40)
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return code, rest


@pytest.fixture
def llmaas(tmp_path: Path) -> Callable[..., Finished]:
    """Run `llmaas` in an empty directory, with a state directory of its own."""

    def run(*arguments: str | Path, cwd: Path = tmp_path, **variables: str) -> Finished:
        variables.setdefault("LLMAAS_STATE_DIR", str(tmp_path / "state"))
        variables.setdefault("XDG_CACHE_HOME", str(tmp_path / "cache"))
        return run_command(*arguments, cwd=cwd, **variables)

    return run


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our own catalogue, as an operator has one."""
    directory = tmp_path_factory.mktemp("operator")
    return Path(shutil.copy(REPOSITORY / "catalog" / "models_config.yaml", directory))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start services that are ended with the test, however it ends."""
    started: list[Up] = []

    def begin(*arguments: str | Path) -> Up:
        log = tmp_path / f"stderr-{len(started)}.log"
        started.append(Up(*arguments, cwd=tmp_path, log=log))
        return started[-1]

    yield begin
    for up in started:
        up.process.kill() if up.process.poll() is None else None
        up.process.wait(20)
        up.process.stdout.close()


@pytest.fixture(scope="session")
def running(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One service that tests share; they leave it as it was."""
    directory = tmp_path_factory.mktemp("running")
    up = Up(
        *("up", "--json", "--port", "0", "--no-docs"),
        *("--catalog", catalog, "--state-dir", directory / "state"),
        cwd=directory,
        log=directory / "stderr.log",
    )
    yield up
    up.stop()
