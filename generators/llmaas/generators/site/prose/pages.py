"""The pages of prose in one language: translated unit by unit, then filled with facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from llmaas.bundle import audio, images
from llmaas.catalog import CODES, Code
from llmaas.generators.drift import DRIFT_CODES
from llmaas.generators.site.prose import data
from llmaas.generators.site.prose.conformance import CONFORMANCE, STATUS_TEXTS
from llmaas.generators.site.prose.contents import SECTIONS, Section, source
from llmaas.generators.site.prose.facts import ROLES, PageFacts, events, licences
from llmaas.generators.site.prose.schema_reference import records
from llmaas.generators.site.prose.screening import screening_share
from llmaas.generators.site.prose.texts import ProseTexts
from llmaas.generators.site.prose.units import assemble, cut
from llmaas.generators.site.texts import Missing
from llmaas.generators.site.untranslated import TEXT_CODES
from llmaas.generators.site.views import CatalogView

NOTICE = "Une partie de cette page n’est pas encore traduite et reste en français."
ABSENT_TITLE = "Modèle absent du catalogue"
ABSENT = (
    "Ce catalogue n’a pas de modèle en production pour certaines tâches de cette page ; ses "
    "exemples en nomment un autre et peuvent échouer."
)
_FILE_CODES = tuple(Code(name, "files", text) for name, text in DRIFT_CODES.items())
EVENT_TEXTS: Mapping[str, str] = {
    "released": "Mise en production",
    "deprecated": "Dépréciation",
    "support_ended": "Fin de support",
    "removed": "Retrait",
    "price": "Prix",
}
IMAGE_LIMITS: Mapping[str, Any] = {
    "most": images.MAX_IMAGES,
    "mib": images.MAX_BYTES // 2**20,
    "megapixels": images.MAX_PIXELS // 10**6,
    "formats": ", ".join(images.FORMATS),
}
YES, NO = "oui", "non"
DAYS = "jours"
PHRASES = (
    *(section.title for section in SECTIONS),
    *STATUS_TEXTS.values(),
    *EVENT_TEXTS.values(),
    YES,
    NO,
    DAYS,
    NOTICE,
    ABSENT_TITLE,
    ABSENT,
)
"""Texts to translate that stand in no page."""


@dataclass(frozen=True)
class Prose:
    """The pages of prose of one language."""

    pages: Mapping[str, str]
    navigation: Mapping[Section, list[dict[str, str]]]
    missing: tuple[Missing, ...]
    title: Callable[[Section], str]


def render_prose(
    view: CatalogView, environment: jinja2.Environment, *, language: str, context: Mapping[str, Any]
) -> Prose:
    """Render every page of prose.

    Args:
        view: the catalogue on a day.
        environment: the filters and globals of the site's templates, in this language.
        language: the language.
        context: further values for the pages, such as `base_url`.
    """
    texts = ProseTexts(language)
    # Statements of their own line leave no empty line behind: it would end a table.
    environment = environment.overlay(trim_blocks=True, lstrip_blocks=True)
    pages: dict[str, str] = {}
    missing: set[Missing] = set()
    navigation: dict[Section, list[dict[str, str]]] = {}
    for section in SECTIONS:
        entries = navigation.setdefault(section, [])
        for path in section.pages:
            texts.missing.clear()
            page = source(path)
            pages[path] = _page(
                page,
                path=path,
                view=view,
                environment=environment,
                texts=texts,
                context=context,
            )
            entries.append({texts.translate(title_of(page)): path})
            missing |= texts.missing
    texts.missing.clear()
    for phrase in PHRASES:
        texts.translate(phrase)
    missing |= texts.missing
    return Prose(
        pages=pages,
        navigation=navigation,
        missing=tuple(sorted(missing)),
        title=lambda section: texts.translate(section.title),
    )


def title_of(page: str) -> str:
    """The first heading of a page, in French."""
    return next(piece.text for piece in cut(page) if piece.heading)


def _page(
    page: str,
    *,
    path: str,
    view: CatalogView,
    environment: jinja2.Environment,
    texts: ProseTexts,
    context: Mapping[str, Any],
) -> str:
    facts = PageFacts(view, path)
    translated = assemble(page, texts.translate)
    phrase = texts.translate
    country = environment.filters["country"]
    text = environment.from_string(translated).render(
        **context,
        regions=", ".join(country(region.country) for region in view.catalog.service.regions),
        model_id=facts.model_id,
        model_link=facts.model_link,
        has=facts.has,
        to=facts.to,
        supports=facts.supports,
        screening_share=screening_share,
        images=IMAGE_LIMITS,
        eur=facts.eur,
        audio=audio,
        audio_formats=", ".join(f"`{ending}`" for ending in audio.FORMATS),
        roles=ROLES,
        codes=(*CODES.values(), *TEXT_CODES, *_FILE_CODES),
        records=records,
        inventory=lambda: data.rows(
            environment.globals["word"], audit_days=_audit_days(view, phrase)
        ),
        events=events,
        licences=licences,
        yes=lambda fact: phrase(YES if fact else NO),
        event_name=lambda kind: phrase(EVENT_TEXTS[kind]),
        status=lambda feature: phrase(STATUS_TEXTS[CONFORMANCE[feature]]),
    )
    notices = []
    if texts.missing:
        notices.append(f'<div class="untranslated" role="note">{phrase(NOTICE)}</div>')
    if facts.absent:
        notices.append(f'!!! warning "{phrase(ABSENT_TITLE)}"\n\n    {phrase(ABSENT)}')
    return _below_title(text, notices) if notices else text


def _audit_days(view: CatalogView, phrase: Callable[[str], str]) -> str | None:
    days = view.catalog.service.audit_retention_days
    return None if days is None else f"{days} {phrase(DAYS)}"


def _below_title(text: str, notices: list[str]) -> str:
    """Put notices where they are read first: after the front matter and the title."""
    head, title, body = text.partition("\n# ")
    title_line, newline, rest = body.partition("\n")
    return f"{head}{title}{title_line}{newline}\n" + "\n\n".join(notices) + f"\n{rest}"
