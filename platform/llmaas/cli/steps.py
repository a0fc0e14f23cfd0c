"""What a command is doing, on stderr: a moving bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

PLAIN_INTERVAL_S = 10.0
Unit = Literal["steps", "bytes"]


@dataclass
class Step:
    """One thing being done; `detail` is what there is to say about it when it is done."""

    report: Callable[[int, int | None], None]
    detail: str = field(default="", init=False)

    def progress(self, done: int, total: int | None) -> None:
        """Say how far it has come."""
        self.report(done, total)

    def done(self, detail: str) -> None:
        """Say what came of it."""
        self.detail = detail


class Steps:
    """The steps of one command."""

    def __init__(
        self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock

    @contextmanager
    def step(self, title: str, *, unit: Unit = "steps") -> Iterator[Step]:
        """Announce a step, show its progress, and say how it ended."""
        show = self._moving if self._console.is_terminal else self._plain
        with show(title, unit) as step:
            yield step
        ending = f": {step.detail}" if step.detail else ""
        self._console.print(Text.assemble(("✓ ", "green"), title, (ending, "dim")), soft_wrap=True)

    def say(self, text: str, *, style: str = "") -> None:
        """A line of its own."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    @contextmanager
    def _moving(self, title: str, unit: Unit) -> Iterator[Step]:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *_columns(unit),
            console=self._console,
            transient=True,
        ) as progress:
            task: TaskID = progress.add_task(title, total=None)
            yield Step(lambda done, total: progress.update(task, completed=done, total=total))

    @contextmanager
    def _plain(self, title: str, unit: Unit) -> Iterator[Step]:
        """A line now and then, and only for what takes long: this output is kept in logs."""
        last = self._clock()

        def report(done: int, total: int | None) -> None:
            nonlocal last
            if total and self._clock() - last >= PLAIN_INTERVAL_S:
                last = self._clock()
                counts = f"{done / total:.0%}" if unit == "bytes" else f"{done}/{total}"
                self.say(f"  {title}: {counts}")

        yield Step(report)


def _columns(unit: Unit) -> tuple[ProgressColumn, ...]:
    if unit == "bytes":
        return (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
