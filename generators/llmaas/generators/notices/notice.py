"""One notice: what a tenant still calls, as text, HTML and JSON."""

import json
from dataclasses import dataclass
from datetime import date
from html import escape

from llmaas.generators.notices import texts
from llmaas.generators.site.formats import Formats


@dataclass(frozen=True)
class LeavingModel:
    """A model on its way out, and how much this tenant used it."""

    model: str
    removed_on: date | None
    successor: str | None
    requests: int
    keys: tuple[str, ...]
    """Ids of the tenant's keys that called it."""


@dataclass(frozen=True)
class Notice:
    """What one tenant has to be told."""

    tenant: str
    language: str
    service: str
    since: date
    until: date
    """Last day on which use was counted."""
    models: tuple[LeavingModel, ...]


def notice_files(notice: Notice) -> dict[str, str]:
    """The files of a notice by name.

    Raises:
        KeyError: the language has no notices.
    """
    return {
        "subject.txt": _say(notice, texts.SUBJECT) + "\n",
        "mail.txt": _text(notice),
        "mail.html": _html(notice),
        "webhook.json": _payload(notice),
    }


def _say(notice: Notice, source: str) -> str:
    formats = Formats(notice.language)
    return texts.say(notice.language, source) % {
        "service": notice.service,
        "start": formats.day(notice.since),
        "end": formats.day(notice.until),
    }


def _rows(notice: Notice, model: LeavingModel) -> tuple[tuple[str, str], ...]:
    formats = Formats(notice.language)

    def say(source: str) -> str:
        return texts.say(notice.language, source)

    removal = say(texts.NO_DATE) if model.removed_on is None else formats.day(model.removed_on)
    return (
        (say(texts.REMOVAL), removal),
        (say(texts.SUCCESSOR), model.successor or say(texts.NO_SUCCESSOR)),
        (say(texts.REQUESTS), formats.number(model.requests)),
        (say(texts.KEYS), ", ".join(model.keys)),
    )


def _text(notice: Notice) -> str:
    parts = [_say(notice, texts.GREETING), _say(notice, texts.INTRODUCTION)]
    for model in notice.models:
        lines = [f"{texts.say(notice.language, texts.MODEL)}: {model.model}"]
        lines += [f"  {label}: {value}" for label, value in _rows(notice, model)]
        parts.append("\n".join(lines))
    parts += [_say(notice, texts.ACTION), _say(notice, texts.CLOSING)]
    return "\n\n".join(parts) + "\n"


def _html(notice: Notice) -> str:
    def paragraph(source: str) -> str:
        return f"<p>{escape(_say(notice, source))}</p>"

    tables = [
        f"<h2>{escape(model.model)}</h2>\n<table>"
        + "".join(
            f'<tr><th align="left">{escape(label)}</th><td>{escape(value)}</td></tr>'
            for label, value in _rows(notice, model)
        )
        + "</table>"
        for model in notice.models
    ]
    body = "\n".join(
        [
            *(paragraph(texts.GREETING), paragraph(texts.INTRODUCTION)),
            *tables,
            *(paragraph(texts.ACTION), paragraph(texts.CLOSING)),
        ]
    )
    title = escape(_say(notice, texts.SUBJECT))
    return (
        f'<!doctype html>\n<html lang="{notice.language}">\n<head><meta charset="utf-8">'
        f"<title>{title}</title></head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _payload(notice: Notice) -> str:
    facts = {
        "event": "models.leaving",
        "tenant": notice.tenant,
        "service": notice.service,
        "language": notice.language,
        "since": notice.since.isoformat(),
        "until": notice.until.isoformat(),
        "models": [
            {
                "model": model.model,
                "removed_on": model.removed_on and model.removed_on.isoformat(),
                "successor": model.successor,
                "requests": model.requests,
                "keys": list(model.keys),
            }
            for model in notice.models
        ],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
