"""Imported models put into a catalogue that is valid, whatever they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from llmaas.catalog.edit.licences import KnownLicence
from llmaas.catalog.edit.new_model import NewModel, authored
from llmaas.catalog.edit.operations import Add, Operation
from llmaas.catalog.edit.splicing import spliced
from llmaas.catalog.edit.writing import item
from llmaas.catalog.imports.report import Imported, ImportRefusedError, Note
from llmaas.catalog.model import Model
from llmaas.catalog.reading import parse_catalog

TO_COMPLETE = "to complete"
UNKNOWN_LICENCE = KnownLicence("LicenseRef-unknown", "Unknown licence", "restricted")
_PATH = Path("imported.yaml")


@dataclass(frozen=True)
class Draft:
    """A model on its way into the catalogue.

    Attributes:
        model: what is known, with something for all that is needed.
        more: further keys of the entry, such as `tags`.
        invented: keys whose value the source does not have.
    """

    model: NewModel
    more: dict[str, Any] = field(default_factory=dict)
    invented: tuple[str, ...] = ()


def assembled(
    drafts: Sequence[Draft],
    notes: Sequence[Note],
    *,
    origin: str,
    today: date,
    operations: Sequence[Operation] = (),
) -> Imported:
    """A catalogue around these models.

    Service, tiers and promises are those of a new catalogue, to be changed by the reader. A model
    that would be an error is left out, and its errors are the reason.

    Args:
        drafts: the models; of two with one name the first is taken.
        notes: what their source had that they have not.
        origin: the kind of source, for a comment.
        today: the day of the import.
        operations: further changes of the new catalogue.

    Raises:
        ImportRefusedError: no model is left.
    """
    notes = list(notes)
    unique: dict[str, Draft] = {}
    for draft in drafts:
        if draft.model.id in unique:
            notes.append(Note("dropped", draft.model.id, "a second entry", "the first is taken"))
        unique.setdefault(draft.model.id, draft)
    base = _base(list(unique.values()), operations)
    kept = unique
    while kept:
        text, lines = _text(base, list(kept.values()), origin, today)
        reasons: dict[str, list[str]] = {}
        for name, reason in _errors(text, lines):
            reasons.setdefault(name, []).append(reason)
        if not reasons:
            completed = (
                Note("completed", name, key, "a placeholder is written")
                for name, draft in kept.items()
                for key in draft.invented
            )
            return Imported(text, tuple(kept), (*notes, *completed))
        notes += [
            Note("left out", name, "model", "; ".join(each)) for name, each in reasons.items()
        ]
        kept = {name: draft for name, draft in kept.items() if name not in reasons}
    raise ImportRefusedError(
        "no model of it can be in a catalogue"
        + "".join(f"\n  {note.subject}: {note.why}" for note in notes if note.fate == "left out")
    )


def _base(drafts: Sequence[Draft], operations: Sequence[Operation]) -> str:
    """A new catalogue without its example models, and with the endpoints that are needed."""
    starter = resources.files("llmaas.catalog").joinpath("starter.yaml").read_text()
    needed = list(operations)
    if any(draft.model.kind == "transcription" for draft in drafts):
        endpoint = {"id": "audio.transcriptions", "status": "served"}
        needed.append(Add(("endpoints",), endpoint))
    text = spliced(starter, needed)
    return text[: text.index("\nmodels:\n") + 1]


def _text(
    base: str, drafts: Sequence[Draft], origin: str, today: date
) -> tuple[str, dict[str, range]]:
    """The catalogue, and the lines of each model in it."""
    offered = _offered(base)
    lines = base.splitlines()
    places = {}
    lines += [
        f"# Imported from {origin} on {today}.",
        f"# What the source did not say is marked: {TO_COMPLETE}.",
        "models:",
    ]
    for draft in drafts:
        start = len(lines) + 1
        entry = {**authored(draft.model, offered), **draft.more}
        ordered = {key: entry[key] for key in Model.model_fields if key in entry}
        lines += [_marked(line, draft.invented) for line in item(ordered, 2)]
        places[draft.model.id] = range(start, len(lines) + 1)
        lines.append("")
    return "\n".join(lines[:-1]) + "\n", places


def _offered(base: str) -> list[str]:
    """The endpoints of a catalogue that has no models yet."""
    value: Any = parse_catalog(base.encode(), _PATH).document.value
    return [endpoint["id"] for endpoint in value["endpoints"]]


def _marked(line: str, invented: tuple[str, ...]) -> str:
    key = line.strip().removeprefix("- ").partition(":")[0]
    at_the_top = len(line) - len(line.lstrip(" -")) == 4
    return f"{line} # {TO_COMPLETE}" if at_the_top and key in invented else line


def _errors(text: str, places: dict[str, range]) -> Iterator[tuple[str, str]]:
    """Each error with the model that has it."""
    found = parse_catalog(text.encode(), _PATH)
    for problem in found.problems:
        if problem.severity == "error":
            owner = next((name for name, lines in places.items() if problem.line in lines), None)
            if owner is None:
                raise ImportRefusedError(f"the source contradicts itself: {problem.message}")
            yield owner, problem.message
