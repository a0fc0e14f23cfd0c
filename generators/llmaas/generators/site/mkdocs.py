"""MkDocs over each language, some at a time; when one fails or Ctrl-C comes, all end at once."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from llmaas.generators.site.errors import DocsError

AT_A_TIME = 2
LINES_SHOWN = 20
LOOK_EVERY_S = 0.05
_DISK_FULL = os.strerror(errno.ENOSPC)


def run_mkdocs(config_files: Mapping[str, Path], work: Path) -> Iterator[str]:
    """Build every language, and yield it when it is done.

    Args:
        config_files: the configuration of MkDocs by language.
        work: where MkDocs runs, and what it says is kept.

    Raises:
        DocsError: MkDocs failed.
        OSError: the disk is full.
    """
    waiting = list(config_files)
    with _none_left_behind() as running:
        while waiting or running:
            while waiting and len(running) < AT_A_TIME:
                language = waiting.pop(0)
                running[language] = _start(config_files[language], _log(work, language))
            ended = [
                language for language, process in running.items() if process.poll() is not None
            ]
            for language in ended:
                if running.pop(language).returncode != 0:
                    raise _failure(language, _log(work, language).read_text(errors="replace"))
                yield language
            time.sleep(0 if ended else LOOK_EVERY_S)


@contextmanager
def _none_left_behind() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        yield running
    finally:
        for process in running.values():
            process.kill()
        for process in running.values():
            process.wait()


def _start(config_file: Path, log: Path) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f")
    with log.open("wb") as said:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own files
            [*command, str(config_file)],
            cwd=config_file.parent,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


def _log(work: Path, language: str) -> Path:
    return work / f"{language}.log"


def _failure(language: str, said: str) -> Exception:
    if _DISK_FULL in said:
        return OSError(errno.ENOSPC, _DISK_FULL)
    last = "\n".join(said.splitlines()[-LINES_SHOWN:])
    return DocsError(f"MkDocs failed for language {language!r}:\n{last}")
