"""The hooks for other repositories call commands that exist, with options that they have."""

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from llmaas.cli.app import app

HOOKS = yaml.safe_load((Path(__file__).parents[3] / ".pre-commit-hooks.yaml").read_text())
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_calls_a_command_with_options_that_it_has(hook: dict[str, str]) -> None:
    program, command, *options = hook["entry"].split()
    assert program == "llmaas"
    known = {
        name
        for parameter in COMMANDS[command].params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    assert set(options) <= known


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_where_a_catalogue_is_changed(hook: dict[str, str]) -> None:
    assert re.search(hook["files"], "catalog/models_config.yaml")
    assert re.search(hook["files"], "models_config.yaml")
    assert not re.search(hook["files"], "README.md")
