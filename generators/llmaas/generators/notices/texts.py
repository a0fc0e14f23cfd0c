"""The sentences of a notice: French is written here, the others are in `messages/notices.*.po`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polib

from llmaas.generators.reviews import is_current

SOURCE_LANGUAGE = "fr"
MESSAGES = Path(__file__).parent.parent / "messages"

SUBJECT = "Des modèles que vous appelez vont quitter %(service)s"
GREETING = "Bonjour,"
INTRODUCTION = (
    "Du %(start)s au %(end)s, vos clés d’API ont appelé des modèles qui quittent le catalogue de "
    "%(service)s."
)
ACTION = (
    "Remplacez le nom du modèle dans vos requêtes avant la date de retrait. À partir de cette "
    "date, un appel reçoit une erreur qui nomme le successeur."
)
CLOSING = "Pour toute question, répondez à ce message."
MODEL = "Modèle"
REMOVAL = "Retrait"
SUCCESSOR = "À utiliser à la place"
REQUESTS = "Requêtes"
KEYS = "Clés d’API"
NO_DATE = "date non fixée"
NO_SUCCESSOR = "aucun successeur désigné"

ALL = (
    *(SUBJECT, GREETING, INTRODUCTION, ACTION, CLOSING, MODEL),
    *(REMOVAL, SUCCESSOR, REQUESTS, KEYS, NO_DATE, NO_SUCCESSOR),
)


def languages_of_notices() -> tuple[str, ...]:
    """Languages in which a notice can be written."""
    translated = sorted(path.suffixes[0][1:] for path in MESSAGES.glob("notices.*.po"))
    return (SOURCE_LANGUAGE, *translated)


def say(language: str, source: str) -> str:
    """A sentence in a language.

    Raises:
        KeyError: it is not translated. A customer is never sent a text half in another language.
    """
    return source if language == SOURCE_LANGUAGE else _read(language)[source]


@cache
def _read(language: str) -> Mapping[str, str]:
    catalog = polib.pofile(str(MESSAGES / f"notices.{language}.po"), encoding="utf-8")
    return {entry.msgid: entry.msgstr for entry in catalog if is_current(entry)}
