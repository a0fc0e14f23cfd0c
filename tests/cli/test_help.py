"""The help is how one learns the commands: it walks with them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer.main

from llmaas.cli import tree
from llmaas.cli.app import app
from llmaas.cli.exits import MEANINGS, Exit

NOT_OURS = {"help", "version", "install_completion", "show_completion"}


def commands(command=None, path=("llmaas",)) -> Iterator[tuple[str, object]]:
    command = command or typer.main.get_command(app)
    yield " ".join(path), command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


COMMANDS = dict(commands())
PARAMETERS = {
    f"{path} {parameter.name}": parameter
    for path, command in COMMANDS.items()
    for parameter in command.params
    if parameter.name not in NOT_OURS
}


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_shows_an_example_of_itself(path):
    assert path in COMMANDS[path].epilog.replace("\n", " ")


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_says_what_it_does(path):
    assert COMMANDS[path].help


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_option_has_a_variable_and_an_explanation(name):
    parameter = PARAMETERS[name]
    variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
    assert variables
    assert variables[0].startswith("LLMAAS_")
    assert parameter.help


def test_a_variable_means_the_same_in_every_command():
    meanings: dict[str, set[str]] = {}
    for parameter in PARAMETERS.values():
        variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
        meanings.setdefault(variables[0], set()).add(parameter.name)
    assert {v: m for v, m in meanings.items() if len(m) > 1} == {}


@pytest.mark.parametrize("path", COMMANDS)
def test_help_fits_a_terminal_of_80_columns_and_shows_the_variables(llmaas, path):
    done = llmaas(*path.split()[1:], "--help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    for name, parameter in PARAMETERS.items():
        if name.rsplit(" ", 1)[0] == path and isinstance(parameter.envvar, str):
            assert parameter.envvar in done.out


def test_the_exit_codes_are_documented(llmaas):
    shown = llmaas("--help").out
    assert set(MEANINGS) == set(Exit)
    for code in Exit:
        assert f" {int(code)}  {MEANINGS[code][:20]}" in shown


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--help"], ["check", "--help"]])
def test_help_loads_no_engine_no_server_and_no_catalogue(arguments, tmp_path):
    assert not loaded(arguments, tmp_path) & {
        *("llama_cpp", "litestar", "granian", "uvloop", "yaml", "numpy", "gguf"),
        *("httpx", "jinja2", "mkdocs"),
    }


def test_checking_a_catalogue_loads_no_engine_and_no_server(catalog, tmp_path):
    assert not loaded(["check", str(catalog)], tmp_path) & {
        *("llama_cpp", "litestar", "granian", "uvloop", "numpy", "gguf"),
    }


def test_comparing_generated_files_loads_no_engine(llmaas, catalog, tmp_path):
    """The API's description comes from the gateway's declarations, which need its framework."""
    shutil.copy(catalog, tmp_path / "models_config.yaml")
    assert llmaas("generate").code == Exit.OK
    assert not loaded(["check"], tmp_path) & {"llama_cpp", "numpy", "gguf"}


def loaded(arguments: list[str], cwd) -> set[str]:
    """The modules in memory when a command has ended."""
    program = (
        "import json, sys\n"
        "from llmaas.cli.app import app\n"
        "try:\n"
        "    app(json.loads(sys.argv[1]))\n"
        "finally:\n"
        "    print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_commands_that_run_for_long_are_not_brief():
    brief = {name for name, command in tree.COMMANDS.items() if command.brief}
    assert brief == {"check", "plan", "generate", "models", "edit", "import", "openapi"}
