"""What an import could not carry over, said entry by entry so that a person can complete it."""

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

Fate = Literal["completed", "translated", "dropped", "left out"]
"""`completed`: a value had to be put that the source does not have. `translated`: said otherwise.
`dropped`: has no place in a catalogue. `left out`: a whole model that cannot be in one as it is."""

_TITLES: dict[Fate, str] = {
    "left out": "Models left out",
    "completed": "To complete: the source does not say it",
    "translated": "Said otherwise in the catalogue",
    "dropped": "Not carried over",
}


@dataclass(frozen=True)
class Note:
    """One thing that is not in the catalogue as it was in the source.

    Attributes:
        subject: the model or section.
        what: the key, or the value.
        why: the reason, or what was written instead.
    """

    fate: Fate
    subject: str
    what: str
    why: str


@dataclass(frozen=True)
class Imported:
    """A catalogue and what was lost or invented on the way.

    Attributes:
        text: a valid catalogue.
        models: ids of the models in it.
        notes: in the order of the source.
    """

    text: str
    models: tuple[str, ...]
    notes: tuple[Note, ...]


class ImportRefusedError(Exception):
    """A source of which nothing can be made; the message says why."""


def render_report(imported: Imported) -> str:
    """The report as text in 80 columns, ending in a newline."""
    number = "1 model" if len(imported.models) == 1 else f"{len(imported.models)} models"
    lines = [f"{number}: {', '.join(imported.models)}"]
    lines = wrap(lines[0], 80, break_on_hyphens=False)
    for fate, title in _TITLES.items():
        notes = [note for note in imported.notes if note.fate == fate]
        if not notes:
            continue
        lines += ["", f"{title} ({len(notes)})"]
        for subject, told in _by_reason(notes):
            lines += wrap(
                told,
                80,
                initial_indent=f"  {subject}: ",
                subsequent_indent="      ",
                break_on_hyphens=False,
            )
    return "\n".join(lines) + "\n"


def _by_reason(notes: Iterable[Note]) -> Iterable[tuple[str, str]]:
    """The same thing of many models is said once."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        subjects.setdefault((note.what, note.why), []).append(note.subject)
    for (what, why), named in subjects.items():
        unique = tuple(dict.fromkeys(named))
        shown = unique[0] if len(unique) == 1 else f"{len(unique)} models"
        others = "" if len(unique) == 1 else f" ({', '.join(unique)})"
        yield shown, f"{what}: {why}{others}"
