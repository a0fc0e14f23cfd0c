"""Problems as text for a terminal, JSON for programs, annotations for a pull request."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Literal

from llmaas.catalog.diagnostics import Problem

Format = Literal["text", "json", "github"]


def render_problems(
    problems: Iterable[Problem],
    format: Format = "text",  # noqa: A002 - the word of the command line
) -> str:
    """All problems, in the order given, ending in a newline (GitHub: empty where there is none)."""
    listed = tuple(problems)
    if format == "json":
        return _json(listed)
    if format == "github":
        return "".join(f"{_annotation(problem)}\n" for problem in listed)
    return "".join(f"{_text(problem)}\n" for problem in listed) + f"{_total(listed)}\n"


def _text(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}:{problem.column}"
    first = f"{place}: {problem.severity}[{problem.code}]: {problem.message}"
    if problem.help is None:
        return first
    return f"{first}\n  help: " + problem.help.replace("\n", "\n        ")


def _counted(problems: tuple[Problem, ...]) -> dict[str, int]:
    severities = [problem.severity for problem in problems]
    return {"errors": severities.count("error"), "warnings": severities.count("warning")}


def _total(problems: tuple[Problem, ...]) -> str:
    parts = [
        f"{number} {name if number != 1 else name.removesuffix('s')}"
        for name, number in _counted(problems).items()
        if number
    ]
    return ", ".join(parts) or "no problems"


def _json(problems: tuple[Problem, ...]) -> str:
    document = {"problems": [asdict(problem) for problem in problems], **_counted(problems)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _annotation(problem: Problem) -> str:
    body = problem.message if problem.help is None else f"{problem.message}\nhelp: {problem.help}"
    properties: dict[str, str | int] = {
        "file": problem.path,
        "line": problem.line,
        "col": problem.column,
        "title": problem.code,
    }
    return f"::{problem.severity} {_properties(properties)}::{_escaped(body)}"


def _properties(properties: Mapping[str, str | int]) -> str:
    return ",".join(
        f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )


def _escaped(text: str) -> str:
    """As workflow commands want it; percent first, for it starts the other escapes."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
