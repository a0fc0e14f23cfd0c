"""A service started exactly as a new user starts it: `llmaas up`, on a copy of the catalogue."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openai
import pytest

REPOSITORY = Path(__file__).parents[2]
START_TIMEOUT_S = 150


@dataclass(frozen=True)
class Service:
    """A running `llmaas up`, as its own JSON line describes it."""

    base_url: str
    docs_url: str | None
    api_key: str
    models: tuple[str, ...]
    catalog: Path
    state_dir: Path

    @property
    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.base_url, api_key=self.api_key, max_retries=0)


class Up:
    """`llmaas up` as a child process; stopped like a service manager stops it."""

    def __init__(self, catalog: Path, state_dir: Path, *options: str) -> None:
        command = [sys.executable, "-m", "llmaas.cli", "up", "--json", "--port", "0"]
        command += ["--catalog", str(catalog), "--state-dir", str(state_dir), *options]
        self.log = state_dir.with_suffix(".stderr")
        with self.log.open("wb") as stderr:
            self.process = subprocess.Popen(  # the service under test
                command, stdout=subprocess.PIPE, stderr=stderr, env=clean_environment()
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(10)
            raise AssertionError(f"llmaas up ended: {self.log.read_text()}")
        ready = json.loads(line)
        self.service = Service(
            base_url=ready["base_url"],
            docs_url=ready["docs_url"],
            api_key=ready["api_key"],
            models=tuple(ready["models"]),
            catalog=catalog,
            state_dir=state_dir,
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(30)


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("LLMAAS_")}


@pytest.fixture(scope="session")
def catalog_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("operator")
    return Path(shutil.copy(REPOSITORY / "catalog" / "models_config.yaml", directory))


@pytest.fixture(scope="session")
def service(catalog_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    up = Up(catalog_copy, tmp_path_factory.mktemp("up") / "state")
    yield up.service
    assert up.stop() == 0


@pytest.fixture(scope="session")
def start_up() -> type[Up]:
    return Up
