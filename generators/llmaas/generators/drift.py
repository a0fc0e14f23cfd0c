"""Generated files that are not what they would be generated as."""

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from itertools import islice, zip_longest
from pathlib import Path

from llmaas.catalog.diagnostics import Problem
from llmaas.generators.layout import Layout, layout_of, shown
from llmaas.generators.orphans import find_orphans

DRIFT_CODES: Mapping[str, str] = {
    "generated-missing": "A generated file is not there, or cannot be read.",
    "generated-stale": "A generated file is not what the catalogue gives now.",
    "generated-orphan": "A file in the bundle directory is not part of the bundle.",
}
"""The codes of these problems, as `llmaas.catalog.CODES` has those of a catalogue."""

_DIFF_LINES = 12
_WINDOW_LINES = 40


def compare(layout: Layout, files: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every difference between `files` and what is on disk, sorted; each is an error.

    Args:
        layout: where the files are.
        files: what `generated_files` returned.
    """
    return tuple(sorted([*_missing_and_stale(layout, files), *_orphans(layout, files)]))


def _missing_and_stale(layout: Layout, files: Mapping[str, str]) -> Iterator[Problem]:
    command = _command(layout)
    for relative, text in files.items():
        path = layout.root / relative
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            yield _problem(path, "missing", "this file has not been generated", f"run `{command}`")
            continue
        except OSError as error:
            message = f"this generated file cannot be read: {error.strerror}"
            yield _problem(path, "missing", message, f"make it readable, then run `{command}`")
            continue
        if content != text.encode():
            line, difference = first_difference(content.decode(errors="replace"), text)
            message = f"not what the catalogue gives now:\n{difference}"
            yield _problem(path, "stale", message, f"run `{command}`", line=line)


def _orphans(layout: Layout, files: Mapping[str, str]) -> Iterator[Problem]:
    command = _command(layout)
    orphans = find_orphans(layout, files)
    for path in orphans.ours:
        message = "generated once, but no longer part of the bundle"
        yield _problem(path, "orphan", message, f"run `{command}`, which removes it")
    for path in orphans.foreign:
        message = "not part of the bundle, and nothing here generated it"
        yield _problem(path, "orphan", message, "move it out of the bundle directory or delete it")


def _command(layout: Layout) -> str:
    """What a person types here to mend it."""
    command = f"llmaas generate {shown(layout.catalog)}"
    if layout == layout_of(layout.catalog):
        return command
    return f"{command} --bundle {shown(layout.bundle)}"


def _problem(path: Path, kind: str, message: str, remedy: str, *, line: int = 1) -> Problem:
    return Problem(
        path=shown(path),
        line=line,
        column=1,
        code=f"generated-{kind}",
        message=message,
        help=remedy,
    )


def first_difference(actual: str, expected: str) -> tuple[int, str]:
    """The line at which two texts part, and a unified diff of that place only."""
    old, new = actual.split("\n"), expected.split("\n")
    at = next((i for i, (a, b) in enumerate(zip_longest(old, new)) if a != b), 0)
    # A window, because difflib takes seconds for two long files that have little in common.
    window = slice(max(0, at - 2), at + _WINDOW_LINES)
    hunks = islice(unified_diff(old[window], new[window], n=2, lineterm=""), 3, None)
    lines = []
    for line in hunks:
        if line.startswith("@@"):
            break
        lines.append(f"  {line}".rstrip(" "))
    if len(lines) > _DIFF_LINES:
        lines = [*lines[:_DIFF_LINES], "  …"]
    return at + 1, "\n".join(lines)
