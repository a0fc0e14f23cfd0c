"""The pages of one language, as Markdown by path."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2

from llmaas.bundle import model_slug
from llmaas.catalog.model import Catalog, ComplianceRecord, Tier
from llmaas.generators.site.diagrams import DiagramName, diagram_of
from llmaas.generators.site.drawing import draw
from llmaas.generators.site.feeds import (
    FeedTexts,
    departures,
    models_document,
    write_atom,
    write_calendar,
)
from llmaas.generators.site.formats import Formats
from llmaas.generators.site.interactive import (
    calculator_of,
    embedded,
    model_table_of,
    try_operations,
)
from llmaas.generators.site.markdown import indented, plain
from llmaas.generators.site.prose import Prose, render_prose
from llmaas.generators.site.prose.contents import API, CONCEPTS, GUIDES, OPERATE, START
from llmaas.generators.site.reference import Field, Operation, calling, operations
from llmaas.generators.site.reference_texts import ERRORS, OPERATION_TEXTS, text_of_field
from llmaas.generators.site.samples import Sample, form_sample, request_sample
from llmaas.generators.site.texts import Missing, Texts
from llmaas.generators.site.timeline import Timeline, TimelineTexts, draw_timeline
from llmaas.generators.site.views import CatalogView, view_catalog
from llmaas.generators.site.words import Words

TEMPLATES = Path(__file__).parent.parent / "templates"
OPENAPI_FILE = "openapi.json"
MODELS_FILE = "models.json"
CALENDAR_FILE = "lifecycle.ics"
FEED_FILE = "lifecycle.atom"
ADMINISTRATION = "operate/administration.md"

Navigation = list[dict[str, Any]]
"""MkDocs' `nav`."""


@dataclass(frozen=True)
class SiteTexts:
    """What the frame around the pages says."""

    site_name: str
    description: str
    announcement: str | None
    """Said on every page: that stand-in weights answer."""
    to_weights: str
    """Label of the link from there to how real ones are served."""
    status_line: str
    not_found: str
    not_found_help: str
    not_found_links: tuple[tuple[str, str], ...]
    """Where a reader may go on: labels and addresses below the site."""
    to_dark: str
    to_light: str
    permalink: str
    as_markdown: str
    """Label of the link to a page's twin."""
    moved: str
    """Said by a page that sends its reader on."""


@dataclass(frozen=True)
class RenderedSite:
    """A site in one language, before MkDocs."""

    language: str
    pages: Mapping[str, str]
    navigation: Navigation
    texts: SiteTexts
    missing: tuple[Missing, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    """What is published as it is, by path."""

    def with_file(self, path: str, text: str) -> "RenderedSite":
        """The site with one more file."""
        return replace(self, files={**self.files, path: text})


def render_pages(
    catalog: Catalog,
    *,
    language: str,
    today: date,
    catalogue_sha256: str,
    openapi: Mapping[str, Any],
    stand_in: bool,
    api_base_url: str | None = None,
) -> dict[str, str]:
    """Render all pages of a language; nothing is read from the clock.

    Args:
        catalog: a catalogue without errors.
        language: one of the catalogue's languages.
        today: the day that decides phases and prices.
        catalogue_sha256: hash of the catalogue, shown in short.
        openapi: the OpenAPI document of the gateway.
        stand_in: whether stand-in weights may answer.
        api_base_url: base URL in the code samples, by default the catalogue's.

    Returns:
        Markdown by path.
    """
    rendered = render_site(
        catalog,
        language=language,
        today=today,
        catalogue_sha256=catalogue_sha256,
        openapi=openapi,
        stand_in=stand_in,
        api_base_url=api_base_url,
    )
    return dict(rendered.pages)


def render_site(
    catalog: Catalog,
    *,
    language: str,
    today: date,
    catalogue_sha256: str,
    openapi: Mapping[str, Any],
    stand_in: bool,
    api_base_url: str | None = None,
    site_url: str | None = None,
) -> RenderedSite:
    """Render the pages of a language and what MkDocs must know to frame them.

    `site_url` is the public address of the whole site, by default `/docs/` on the API's host.
    """
    base_url = (api_base_url or catalog.service.base_url).rstrip("/")
    own_url = (site_url or public_address(base_url, "/docs/")) + folder_of(catalog, language)
    view = view_catalog(catalog, today=today, base_url=base_url)
    renderer = _Renderer(view, Texts(language), Formats(language), stand_in=stand_in)
    every = operations(openapi)
    described = tuple(operation for operation in every if not operation.administrative)
    if view.first_model is not None:
        described = tuple(calling(operation, view.first_model.id) for operation in described)
    context: dict[str, Any] = {"base_url": base_url, "openapi_url": OPENAPI_FILE}
    pages = {
        "index.md": renderer.page("home.md.jinja", **context),
        "models/index.md": renderer.page(
            "models.md.jinja", table=model_table_of(view, renderer.words)
        ),
        "lifecycle.md": renderer.page(
            "lifecycle.md.jinja",
            timeline=renderer.timeline(),
            leaving=departures(view.events, today=today),
            calendar_file=CALENDAR_FILE,
            feed_file=FEED_FILE,
        ),
        "prices.md": renderer.page(
            "prices.md.jinja", calculator=calculator_of(view, renderer.words)
        ),
        "try.md": renderer.page(
            "try.md.jinja",
            operations=try_operations(described),
        ),
        "endpoints.md": renderer.page(
            "endpoints.md.jinja", operations=described, errors=ERRORS, **context
        ),
        ADMINISTRATION: renderer.page(
            "administration.md.jinja",
            operations=[operation for operation in every if operation.administrative],
            host=base_url.removesuffix("/v1"),
        ),
    }
    for row in view.models:
        pages[f"models/{row.slug}.md"] = renderer.page("model.md.jinja", row=row)
    prose = render_prose(
        view,
        renderer.environment,
        language=language,
        context={"base_url": base_url, "errors": ERRORS},
    )
    pages |= prose.pages
    return RenderedSite(
        language=language,
        pages=pages,
        navigation=renderer.navigation(prose),
        texts=renderer.site_texts(catalogue_sha256),
        missing=tuple(sorted((*renderer.texts.missing, *prose.missing))),
        files={
            MODELS_FILE: models_document(view, catalogue_sha256=catalogue_sha256),
            **renderer.feeds(own_url),
        },
    )


def folder_of(catalog: Catalog, language: str) -> str:
    """Where a language lies below the site: the first at its top, the others as in `en/`."""
    return "" if language == catalog.service.languages[0] else f"{language}/"


def public_address(base_url: str, path: str) -> str:
    """The address of what is served under a path of the API's host, with a slash at its end."""
    host = urlsplit(base_url)
    below = f"{path.strip('/')}/".lstrip("/")
    return f"{host.scheme}://{host.netloc}/{below}"


class _Renderer:
    """Templates, texts and formats of one language."""

    def __init__(
        self, view: CatalogView, texts: Texts, formats: Formats, *, stand_in: bool
    ) -> None:
        self.view = view
        self.texts = texts
        self.formats = formats
        self.words = Words(self._gettext, texts.word, formats.number)
        self.environment = _environment().overlay()
        # An overlay shares these dicts with its origin unless they are copied.
        self.environment.globals = {
            **self.environment.globals,
            "_": self._gettext,
            "word": texts.word,
            "view": view,
            "catalog": view.catalog,
            "service": view.catalog.service,
            "stand_in": stand_in,
            "diagram": self._diagram,
        }
        self.environment.filters = {**self.environment.filters, **self._filters()}

    def page(self, template: str, **context: Any) -> str:
        """Render a page; where something stayed French, say so on top of it."""
        before = set(self.texts.missing)
        self.texts.missing.clear()
        text = self.environment.get_template(template).render(**context)
        if self.texts.missing:
            text = self._with_notice(text)
        self.texts.missing |= before
        return text

    def timeline(self) -> Timeline:
        """The picture of the lifecycle page."""
        _ = self._gettext
        texts = TimelineTexts(
            title=_("Frise du cycle de vie des modèles"),
            description=_(
                "Une ligne par modèle, dans l’ordre des fins ; les mêmes dates sont dans le "
                "tableau qui suit."
            ),
            today=_("Aujourd’hui, le %(day)s", day=self.formats.day(self.view.today)),
            month=self.formats.month,
            phase=lambda phase: self.texts.word("phase", phase),
            day=self.formats.short_day,
        )
        return draw_timeline(
            self.view.by_end,
            today=self.view.today,
            texts=texts,
            link=lambda slug: f"../models/{slug}/",
        )

    def feeds(self, site_url: str) -> dict[str, str]:
        """The calendar and the feed of the lifecycle."""
        _ = self._gettext
        service = self.view.catalog.service
        texts = FeedTexts(
            language=self.texts.language,
            title=_("%(service)s — cycle de vie des modèles", service=service.name),
            subtitle=_("Arrivées, dépréciations, fins de support et retraits."),
            kinds={
                "released": _("Mise en production"),
                "deprecated": _("Dépréciation"),
                "support_ends": _("Fin de support"),
                "removed": _("Retrait"),
            },
            successor=_("Successeur"),
            day=self.formats.day,
        )
        return {
            CALENDAR_FILE: write_calendar(
                self.view.events,
                today=self.view.today,
                texts=texts,
                host=urlsplit(service.base_url).hostname or "localhost",
                site_url=site_url,
            ),
            FEED_FILE: write_atom(
                self.view.events,
                today=self.view.today,
                texts=texts,
                author=service.operator.name,
                service_url=service.base_url,
                site_url=site_url,
                file=FEED_FILE,
            ),
        }

    def navigation(self, prose: Prose) -> Navigation:
        """Sections with the names of this language; models under their families."""
        _ = self._gettext
        families: Navigation = [
            {family: [{row.model.display_name: f"models/{row.slug}.md"} for row in rows]}
            for family, rows in self.view.families
        ]
        api = [
            {_("Points d’accès"): "endpoints.md"},
            {_("Essayer"): "try.md"},
            *prose.navigation[API],
        ]
        return [
            {_("Accueil"): "index.md"},
            {prose.title(START): prose.navigation[START]},
            {_("Modèles"): ["models/index.md", *families]},
            {_("Cycle de vie"): "lifecycle.md"},
            {_("Prix et paliers"): "prices.md"},
            {prose.title(API): api},
            *({prose.title(each): prose.navigation[each]} for each in (GUIDES, CONCEPTS)),
            {
                prose.title(OPERATE): [
                    *prose.navigation[OPERATE],
                    {_("API d’administration"): ADMINISTRATION},
                ]
            },
        ]

    def site_texts(self, catalogue_sha256: str) -> SiteTexts:
        """The texts around the pages."""
        _ = self._gettext
        announcement = _("Poids de substitution : l’API est réelle, les réponses ne le sont pas.")
        status = _(
            "%(operator)s · état du %(day)s · catalogue %(hash)s",
            operator=self.view.catalog.service.operator.name,
            day=self.formats.day(self.view.today),
            hash=catalogue_sha256[:12],
        )
        return SiteTexts(
            site_name=self.view.catalog.service.name,
            description=_(
                "Des modèles de langage à poids ouverts, servis par une API compatible avec "
                "celle d’OpenAI."
            ),
            announcement=announcement if self.environment.globals["stand_in"] else None,
            to_weights=_("Servir de vrais modèles"),
            status_line=status,
            not_found=_("Page introuvable"),
            not_found_help=_("Cette page n’existe pas ou a changé de place."),
            not_found_links=(
                (_("Accueil"), ""),
                (_("Premiers pas"), "start/quickstart/"),
                (_("Modèles"), "models/"),
                (_("Points d’accès"), "endpoints/"),
            ),
            to_dark=_("Passer en mode sombre"),
            to_light=_("Passer en mode clair"),
            permalink=_("Lien vers cette section"),
            as_markdown=_("Cette page en Markdown"),
            moved=_("Cette page a changé de place."),
        )

    def _diagram(self, name: DiagramName) -> str:
        """A picture for a page: `{{ diagram("architecture") }}` on a line of its own."""
        return draw(diagram_of(name, self.view.catalog, self.words))

    def _gettext(self, source: str, **values: object) -> str:
        return self.texts.gettext(source) % values if values else self.texts.gettext(source)

    def _with_notice(self, text: str) -> str:
        """Insert the notice after the front matter and the title, where it is read first."""
        _ = self._gettext
        notice = _("Une partie de cette page n’est pas encore traduite et reste en français.")
        head, title, body = text.partition("\n# ")
        title_line, newline, rest = body.partition("\n")
        banner = f'\n<div class="untranslated" role="note">{notice}</div>\n'
        return f"{head}{title}{title_line}{newline}{banner}{rest}"

    def _filters(self) -> dict[str, Callable[..., Any]]:
        formats = self.formats
        return {
            "number": formats.number,
            "money": formats.money,
            "percent": formats.percent,
            "day": formats.day,
            "short_day": formats.short_day,
            "country": formats.country,
            "language_names": lambda codes: formats.listing([formats.language(c) for c in codes]),
            "capital": lambda text: text[:1].upper() + text[1:],
            "no_sample": self._no_sample,
            "compliance_name": self._compliance_name,
            "validity": self._validity,
            "amount": self._amount,
            "limit": self._limit,
            "purpose": self._purpose,
            "meaning": self._meaning,
            "constraints": self._constraints,
            "request_sample": self._request_sample,
        }

    def _request_sample(self, operation: Operation, base_url: str) -> Sample:
        host = base_url.removesuffix("/v1")
        body = operation.examples[0] if operation.examples else ""
        path = operation.path
        if self.view.first_model is not None:
            path = path.replace("{model}", self.view.first_model.id)
        if operation.form:
            return form_sample(f"{host}{path}", json.loads(body))
        return request_sample(operation.method, f"{host}{path}", body)

    def _no_sample(self, reason: str) -> str:
        _ = self._gettext
        return {
            "retired": _("Aucun exemple : ce modèle est retiré et ne répond plus."),
            "upcoming": _("Aucun exemple : ce modèle n’est pas encore disponible."),
            "not_served": _(
                "Aucun exemple : le point d’accès de ce modèle est prévu, mais pas encore servi."
            ),
        }[reason]

    def _compliance_name(self, record: ComplianceRecord) -> str:
        """The translated name where there is one, beside the proper name of a standard."""
        name = self.texts.known_word("compliance", record.id) or record.name
        proper = record.kind in {"qualification", "certification"} and record.name not in name
        return f"**{plain(record.name)}**<br>{plain(name)}" if proper else f"**{plain(name)}**"

    def _validity(self, record: ComplianceRecord) -> str:
        _ = self._gettext
        parts = []
        if record.valid_from is not None:
            parts.append(_("depuis le %(day)s", day=self.formats.day(record.valid_from)))
        if record.valid_until is not None:
            parts.append(_("jusqu’au %(day)s", day=self.formats.day(record.valid_until)))
        return ", ".join(parts) or _("non publiée")

    def _amount(self, eur: Decimal | None, tier: Tier) -> str:
        return self._absent(tier) if eur is None else self.formats.whole_money(eur)

    def _limit(self, tokens: int | None, tier: Tier) -> str:
        return self._absent(tier) if tokens is None else self.formats.number(tokens)

    def _absent(self, tier: Tier) -> str:
        """What no figure means: terms of a contract, or no limit."""
        _ = self._gettext
        return _("selon contrat") if tier.kind == "contract" else _("sans limite")

    def _purpose(self, operation: Operation) -> str:
        text = OPERATION_TEXTS.get(operation.key)
        return self._gettext(text) if text else ""

    def _meaning(self, field: Field, operation: Operation) -> str:
        text = text_of_field(operation, field)
        return self._gettext(text) if text else "—"

    def _constraints(self, field: Field) -> str:
        _ = self._gettext
        parts = []
        if field.values:
            parts.append(" · ".join(_code(value) for value in field.values))
        if field.limits:
            parts.append(f"<span class=nowrap>{plain(field.limits)}</span>")
        if field.default is not None:
            # Not inside the f-string: the extractor does not look there.
            by_default = _("par défaut")
            parts.append(f"{by_default} {_code(field.default)}")
        return "<br>".join(parts)


@cache
def _environment() -> jinja2.Environment:
    # Markdown is the output, so HTML escaping would be wrong; `plain` escapes authors' texts.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    environment.filters |= {
        "slug": model_slug,
        "plain": plain,
        "code": _code,
        "codes": _codes,
        "embedded": embedded,
        "indented": lambda text: indented(text, 4),
    }
    return environment


def _code(text: str) -> str:
    return f"`{text}`" if text else "—"


def _codes(texts: Sequence[str]) -> str:
    return "<br>".join(_code(text) for text in texts) or "—"
