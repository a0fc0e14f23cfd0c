"""Progress: lines where output is kept, a bar where somebody watches."""

import io

import pytest
from rich.console import Console

from llmaas.cli.steps import Steps


def told_by(*, terminal: bool, clock=lambda: 0.0):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=80, color_system=None)
    return Steps(console, clock=clock), out


@pytest.mark.parametrize("terminal", [False, True])
def test_a_step_that_is_done_leaves_one_line_with_what_came_of_it(terminal):
    steps, out = told_by(terminal=terminal)
    with steps.step("Compile x.yaml") as step:
        step.progress(1, 2)
        step.done("51 models")
    last = out.getvalue().splitlines()[-1]
    assert "✓ Compile x.yaml: 51 models" in last
    if not terminal:
        assert out.getvalue() == "✓ Compile x.yaml: 51 models\n"


def test_a_step_that_fails_is_not_ticked_off():
    steps, out = told_by(terminal=False)
    with pytest.raises(ZeroDivisionError), steps.step("Divide"):
        raise ZeroDivisionError
    assert out.getvalue() == ""


def test_long_steps_say_now_and_then_how_far_they_are():
    times = iter([0.0, 4.0, 11.0, 11.0, 12.0, 30.0, 30.0])
    steps, out = told_by(terminal=False, clock=lambda: next(times))
    with steps.step("model.gguf", unit="bytes") as step:
        for done in (10, 20, 30, 90):
            step.progress(done, 100)
    assert out.getvalue().splitlines() == [
        "  model.gguf: 20%",
        "  model.gguf: 90%",
        "✓ model.gguf",
    ]


def test_titles_are_never_markup():
    steps, out = told_by(terminal=False)
    with steps.step("[bold]x[/bold] 'pip install llmaas[docs]'"):
        pass
    assert "[bold]x[/bold] 'pip install llmaas[docs]'" in out.getvalue()
