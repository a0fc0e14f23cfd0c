"""The lessons: what is asked and answered, in five languages, read from `data/`.

    ## topic | how a thought calls it
    The answer.
    - a question
    = nouns that it is about; each asked in many ways (`frames.py`)
    + doings that it is about; each asked in many ways
    ? a question held out of training

`held_out/` has a second set of such questions, written the way people type: `topic: question`.

The topic `fallback` is the answer to everything that was not taught.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = ("en", "fr", "de", "es", "it")
FALLBACK = "fallback"


@dataclass(frozen=True)
class Lesson:
    """One topic in one language."""

    language: str
    topic: str
    label: str
    answer: str
    questions: tuple[str, ...]
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    held_out: tuple[str, ...]
    typed: tuple[str, ...]
    """Held out as well, and written the way people type."""


def read_lessons() -> dict[str, dict[str, Lesson]]:
    """Lessons by language and topic."""
    return {
        language: {lesson.topic: lesson for lesson in _read(language)} for language in LANGUAGES
    }


def read_prose() -> dict[str, list[str]]:
    """Paragraphs by language: text that no lesson is about."""
    return {
        language: (HERE / f"prose/{language}.txt").read_text("utf-8").splitlines()
        for language in LANGUAGES
    }


def _read(language: str) -> list[Lesson]:
    lessons = []
    lines = (HERE / f"held_out/{language}.txt").read_text("utf-8").splitlines()
    typed = [line.split(": ", 1) for line in lines]
    for section in (HERE / f"data/{language}.txt").read_text("utf-8").split("\n\n"):
        head, answer, *asked = section.strip().splitlines()
        topic, label = head.removeprefix("## ").split(" | ")
        lessons.append(
            Lesson(
                language=language,
                topic=topic,
                label=label,
                answer=answer,
                questions=tuple(line[2:] for line in asked if line.startswith("- ")),
                nouns=_listed(asked, "= "),
                verbs=_listed(asked, "+ "),
                held_out=tuple(line[2:] for line in asked if line.startswith("? ")),
                typed=tuple(question for about, question in typed if about == topic),
            )
        )
    return lessons


def _listed(lines: list[str], mark: str) -> tuple[str, ...]:
    return tuple(part for line in lines if line.startswith(mark) for part in line[2:].split("; "))
