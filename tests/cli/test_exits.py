"""How commands fail: one line, a remedy, the right code, never a traceback."""

import errno
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import COMMAND, clean_environment

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.failures import defects_logged


def test_a_failure_reads_as_one_line_and_a_remedy():
    assert str(CommandError(Exit.USAGE, "no such file", "give one")) == (
        "no such file\nhelp: give one"
    )


def test_the_traceback_of_a_defect_goes_to_the_log(tmp_path):
    logs = tmp_path / "logs"
    with pytest.raises(CommandError) as failure, defects_logged(logs):
        raise ZeroDivisionError("by nothing")
    (log,) = logs.iterdir()
    assert failure.value.exit_code is Exit.DEFECT
    assert failure.value.message == "unexpected ZeroDivisionError: by nothing"
    assert str(log) in failure.value.remedy
    assert "Traceback" in log.read_text()


def test_a_defect_is_told_even_where_no_log_can_be_written(tmp_path):
    (tmp_path / "logs").write_text("in the way")
    with pytest.raises(CommandError, match="--debug"), defects_logged(tmp_path / "logs"):
        raise ZeroDivisionError


def test_a_known_failure_passes_unchanged(tmp_path):
    known = CommandError(Exit.NETWORK, "gone")
    with pytest.raises(CommandError) as failure, defects_logged(tmp_path):
        raise known
    assert failure.value is known
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/state/x"),
        OSError(errno.EFBIG, "File too large"),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_a_full_disk_is_no_defect(tmp_path, error):
    with pytest.raises(CommandError, match=r"^cannot write: ") as failure, defects_logged(tmp_path):
        raise error
    assert failure.value.exit_code is Exit.CANNOT_START
    assert "make room" in failure.value.remedy
    assert not list(tmp_path.iterdir())


def test_output_that_cannot_be_written_is_said_in_one_line(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "openapi"],
            cwd=tmp_path,
            env=clean_environment(LLMAAS_STATE_DIR=str(tmp_path)),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == Exit.CANNOT_START
    assert done.stderr.startswith("error: cannot write: No space left on device\nhelp: ")


INTERRUPTED = """
import llmaas.cli.app
def interrupted(): raise KeyboardInterrupt
llmaas.cli.app.main = interrupted
from llmaas.cli import main
main()
"""


def test_ctrl_c_before_the_command_runs_is_no_traceback():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (Exit.INTERRUPTED, "", "")


DEFECT = """
import sys
from llmaas.cli import version
def broken(): raise RuntimeError("boom")
version.program_version = broken
sys.argv = ["llmaas", *sys.argv[1:]]
from llmaas.cli import main
main()
"""


@pytest.mark.parametrize(("arguments", "shown"), [(["version"], 0), (["--debug", "version"], 1)])
def test_debug_shows_the_traceback_of_a_defect(tmp_path, arguments, shown):
    done = subprocess.run(
        [sys.executable, "-c", DEFECT, *arguments],
        env={"LLMAAS_STATE_DIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == Exit.DEFECT
    assert done.stderr.startswith("error: unexpected RuntimeError: boom\nhelp: ")
    assert done.stderr.count("Traceback (most recent call last)") == shown


def test_an_unknown_option_is_wrong_usage(llmaas):
    assert llmaas("up", "--prot", "1").code == Exit.USAGE


def test_a_missing_catalogue_is_named_with_a_remedy(llmaas):
    done = llmaas("check")
    assert done.code == Exit.USAGE
    assert "no catalogue here" in done.err
    assert "llmaas init" in done.err
    assert llmaas("check", "other.yaml").err.startswith("error: other.yaml: no such file\nhelp: ")


def test_a_directory_is_not_called_missing(llmaas):
    assert llmaas("check", ".").err.startswith("error: .: not a file\nhelp: ")
