"""Commands and files that the pages name exist."""

import re
import shlex
import tomllib

import pytest
import typer.main
from tests.site.conftest import ROOT

from llmaas.cli.app import app
from llmaas.generators.site.prose.contents import paths, source
from llmaas.generators.site.prose.fences import fences

EXTERNAL = {"pip", "uv", "export"}


def commands(command, path=("llmaas",)):
    yield " ".join(path), command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def written():
    """Command lines of shell blocks, and commands in running text."""
    for path in paths():
        page = source(path)
        for fence in fences(page):
            if fence.language == "sh":
                lines = fence.code.replace("\\\n", " ").splitlines()
                yield from ((path, line) for line in lines if line.strip())
        prose = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
        yield from ((path, line) for line in re.findall(r"`(llmaas [^`]+)`", prose))


LINES = sorted(set(written()))


def placed(line):
    return re.sub(r"\{\{.*?\}\}", "model", line)


@pytest.mark.parametrize(("path", "line"), LINES, ids=lambda value: value[:60])
def test_a_command_that_a_page_names_exists_with_its_options(path, line):
    words = shlex.split(placed(line))
    if words[:2] == ["uv", "run"]:
        words = words[2:]
    if words[0] in EXTERNAL:
        return
    assert words[0] == "llmaas", f"{path}: {line}"
    name = "llmaas"
    for word in words[1:]:
        if f"{name} {word}" not in COMMANDS:
            break
        name = f"{name} {word}"
    command = COMMANDS[name]
    assert name != "llmaas", f"{path}: {line}"
    known = {option for parameter in command.params for option in parameter.opts}
    known |= {option for parameter in command.params for option in parameter.secondary_opts}
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= known | {"--help"}, f"{path}: {line}"


def test_pages_name_options_that_some_command_has():
    known = {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        for option in parameter.opts
    }
    named = {option for path in paths() for option in re.findall(r"`(--[a-z-]+)`", source(path))}
    assert named <= known | {"--help"}


def test_the_page_on_installing_names_the_python_that_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Python `{project['requires-python']}`" in source("operate/install.md")
