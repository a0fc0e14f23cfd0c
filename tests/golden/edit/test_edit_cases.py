"""The cases beside this file: one directory for each way in which `llmaas edit` is used.

    base.yaml              the catalogue that every case edits: comments, and more than one style
    <case>/arguments.txt   what is typed after `llmaas edit`, one argument on a line
    <case>/expected.txt    exactly what is printed: the difference and its notes, or the refusal

After a message was changed on purpose, write the outputs again and read the difference:

    python tests/golden/edit/test_edit_cases.py
"""

import os
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
import typer.main

from llmaas.catalog import read_catalog, render_problems
from llmaas.cli.app import app
from llmaas.cli.exits import CommandError
from llmaas.cli.failures import tell

CASES = Path(__file__).parent
DIRECTORIES = sorted(path.parent for path in CASES.glob("*/arguments.txt"))
TODAY = "2025-12-01"


def output(directory: Path, place: Path) -> str:
    """What the command prints in a directory of its own; the file is right, or untouched."""
    catalogue = Path(shutil.copy(CASES / "base.yaml", place / "models_config.yaml"))
    arguments = (directory / "arguments.txt").read_text().splitlines()
    printed = StringIO()
    kept = {key: each for key, each in os.environ.items() if not key.startswith("LLMAAS_")}
    with (
        patch.dict(os.environ, kept, clear=True),
        patch("sys.stdin", StringIO()),
        chdir(place),
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        code = exit_code(["edit", *arguments, "--at", TODAY])
    assert read_catalog(catalogue).usable
    assert [path.name for path in place.iterdir()] == ["models_config.yaml"]
    if code:
        assert catalogue.read_bytes() == (CASES / "base.yaml").read_bytes()
    return f"{printed.getvalue()}exit code {code}\n"


def exit_code(arguments: list[str]) -> int:
    try:
        app(arguments, standalone_mode=False)
    except CommandError as error:
        return tell(error)
    return 0


def test_the_base_of_the_cases_is_without_a_problem() -> None:
    assert render_problems(read_catalog(CASES / "base.yaml").problems) == "no problems\n"


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_a_case_prints_exactly_what_is_expected(directory: Path, tmp_path: Path) -> None:
    assert output(directory, tmp_path) == (directory / "expected.txt").read_text(encoding="utf-8")


def test_every_edit_command_has_a_case() -> None:
    edit = typer.main.get_command(app).commands["edit"]  # type: ignore[attr-defined]
    commands = {
        f"{group} {name}" for group, each in edit.commands.items() for name in each.commands
    }
    typed = {
        " ".join((directory / "arguments.txt").read_text().splitlines()[:2])
        for directory in DIRECTORIES
        if "exit code 0" in (directory / "expected.txt").read_text()
    }
    assert typed == commands


if __name__ == "__main__":
    for case_directory in DIRECTORIES:
        with TemporaryDirectory() as empty:
            text = output(case_directory, Path(empty))
        (case_directory / "expected.txt").write_text(text, encoding="utf-8")
