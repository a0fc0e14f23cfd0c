"""Reviews of translations: one counts only against the French text that is written today.

Every entry of `messages/*.po` records in its comment who compared it and the French that was in
front of them. When the French changes, the recorded text no longer matches: removing a fuzzy mark
alone makes nothing current.
"""

from dataclasses import dataclass

import polib

REVIEWER = "reviewer: "
SOURCE = "source: "


@dataclass(frozen=True)
class Review:
    """Who compared a translation with which French text."""

    reviewer: str
    source: str


def is_current(entry: polib.POEntry, source: str | None = None) -> bool:
    """Whether a translation was reviewed against today's source.

    Args:
        entry: the translation.
        source: the French text, where it is not the entry's id, as in a vocabulary of keys.
    """
    if not entry.msgstr or entry.fuzzy or entry.obsolete:
        return False
    recorded = review_of(entry)
    wanted = entry.msgid if source is None else source
    return bool(recorded.reviewer) and _unwrapped(recorded.source) == _unwrapped(wanted)


def review_of(entry: polib.POEntry) -> Review:
    """What the translator's comment records; empty where it records nothing."""
    _, _, after = entry.tcomment.partition(REVIEWER)
    reviewer, _, source = after.partition(SOURCE)
    return Review(reviewer.strip(), source.strip())


def review_comment(*, reviewer: str, source: str) -> str:
    """The comment that records a review."""
    return f"{REVIEWER}{reviewer}\n{SOURCE}{source}"


def _unwrapped(text: str) -> str:
    """The text without spaces: a saved comment is broken into lines, at hyphens too."""
    return "".join(text.split())
