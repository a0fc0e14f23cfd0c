"""The facts that pages of prose place: every number, id, date and price comes from here."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from llmaas.bundle import Phase
from llmaas.bundle.tables import PriceId
from llmaas.catalog.model import Catalog, Price
from llmaas.generators.site.prose.conformance import CONFORMANCE
from llmaas.generators.site.views import PRICE_IDS, CatalogView, ModelView

Role = Literal[
    "chat", "small", "large", "tools", "reasoning", "vision", "ocr", "embedding", "guard", "audio"
]
ROLES: tuple[Role, ...] = (
    "chat",
    "small",
    "large",
    "tools",
    "reasoning",
    "vision",
    "ocr",
    "embedding",
    "guard",
    "audio",
)
USUAL_SIZE_B = Decimal(8)
"""Samples call models near this size: good enough to be useful, small enough to answer soon."""
NO_MODEL = "model-id"


@dataclass
class PageFacts:
    """Facts as one page sees them: links are relative to it, missing models are remembered."""

    view: CatalogView
    path: str
    absent: set[Role] = field(default_factory=set)

    def model_id(self, role: Role) -> str:
        """The id of a model for a task: in production, and not about to leave."""
        model = self.model(role)
        return model.id if model else NO_MODEL

    def model_link(self, role: Role) -> str:
        """The id, leading to the model's page."""
        model = self.model(role)
        if model is None:
            return f"`{NO_MODEL}`"
        return f"[`{model.id}`]({self.to(f'models/{model.slug}.md')})"

    def model(self, role: Role) -> ModelView | None:
        """The model for a task, or another one where the catalogue has none for it."""
        model = model_for(self.view, role)
        if model is None:
            self.absent.add(role)
            return model_for(self.view, "chat") or next(iter(self.view.callable), None)
        return model

    def has(self, role: Role) -> bool:
        """Whether the catalogue has a model for a task."""
        return model_for(self.view, role) is not None

    def to(self, path: str) -> str:
        """A link from this page to another."""
        return posixpath.relpath(path, posixpath.dirname(self.path))

    def supports(self, feature: str) -> bool:
        """Whether this software serves a feature of the API."""
        return CONFORMANCE[feature] == "served"

    def eur(self, price: PriceId) -> Decimal:
        """A price in force today."""
        return next(each.current.eur for each in self.view.prices if each.id == price)


def model_for(view: CatalogView, role: Role) -> ModelView | None:
    """The model that samples call for a task; none where the catalogue has none in production."""
    fits, order = _CHOICES[role]
    candidates = [
        model
        for model in view.callable
        if model.phase in {Phase.PRODUCTION, Phase.EXPERIMENTAL} and fits(model)
    ]
    return min(
        candidates,
        key=lambda model: (model.phase is not Phase.PRODUCTION, order(model), model.id),
        default=None,
    )


def _chats(model: ModelView) -> bool:
    return model.generative and "chat.completions" in model.model.endpoints


def _general(model: ModelView) -> bool:
    """Whether it is made for conversations, and not for one task."""
    can = model.model.capabilities
    only_guards = "security" in can and "tools" not in can
    return _chats(model) and not only_guards and "ocr" not in can and "vision" not in can


def _can(capability: str) -> Callable[[ModelView], bool]:
    return lambda model: _chats(model) and capability in model.model.capabilities


def _size(model: ModelView) -> Decimal:
    return model.total_b or Decimal("Infinity")


def _plain(model: ModelView) -> tuple[bool, tuple[bool, Decimal]]:
    """Those that answer at once first: reasoning costs a beginner time and money."""
    return (not _answers_at_once(model), _usual(model))


def _answers_at_once(model: ModelView) -> bool:
    reasoning = model.model.serving.reasoning
    return reasoning is None or reasoning.mode == "off_by_default"


def _usual(model: ModelView) -> tuple[bool, Decimal]:
    return (not model.model.serving.pinned, abs(_size(model) - USUAL_SIZE_B))


_CHOICES: Mapping[Role, tuple[Callable[[ModelView], bool], Callable[[ModelView], Any]]] = {
    "chat": (_general, _plain),
    "small": (_general, _size),
    "large": (_general, lambda model: -(model.total_b or Decimal(0))),
    "tools": (lambda model: _can("tools")(model) and _general(model), _usual),
    "reasoning": (
        lambda model: _can("reasoning")(model) and _general(model),
        lambda model: (_answers_at_once(model), _usual(model)),
    ),
    "vision": (
        lambda model: _can("vision")(model) and "ocr" not in model.model.capabilities,
        _usual,
    ),
    "ocr": (_can("ocr"), _size),
    "embedding": (lambda model: "embeddings" in model.model.endpoints, _size),
    "audio": (lambda model: "audio.transcriptions" in model.model.endpoints, _size),
    "guard": (lambda model: _can("security")(model) and not _general(model), _size),
}


EventKind = Literal["released", "deprecated", "support_ended", "removed", "price"]


@dataclass(frozen=True, order=True)
class Event:
    """What a date of the catalogue does to its users."""

    day: date
    kind: EventKind
    subjects: tuple[str, ...]
    """Ids of models, or of a price."""
    eur: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True)
class LicenceView:
    """A licence and its models, by whether they may be used commercially."""

    id: str
    name: str
    models: tuple[tuple[str, tuple[ModelView, ...]], ...]


def licences(view: CatalogView) -> tuple[LicenceView, ...]:
    """The licences of all models, by name."""
    names = {model.model.licence.id: model.model.licence.name for model in view.models}
    found = []
    for id_, name in sorted(names.items(), key=lambda each: each[1].casefold()):
        under = [model for model in view.models if model.model.licence.id == id_]
        uses = dict.fromkeys(model.model.licence.commercial_use for model in under)
        models = tuple(
            (use, tuple(m for m in under if m.model.licence.commercial_use == use)) for use in uses
        )
        found.append(LicenceView(id_, name, models))
    return tuple(found)


def events(catalog: Catalog) -> tuple[Event, ...]:
    """Every dated change, the newest first; models that share a day and a kind stand together."""
    by_day: dict[tuple[date, EventKind], list[str]] = {}
    for model in catalog.models:
        dated: Iterable[tuple[EventKind, date | None]] = (
            ("released", model.released_on),
            ("deprecated", model.deprecated_on),
            ("support_ended", model.support_ends_on),
            ("removed", model.removed_on),
        )
        for kind, day in dated:
            if day is not None and not (kind == "support_ended" and _gone(model.removed_on, day)):
                by_day.setdefault((day, kind), []).append(model.id)
    found = [Event(day, kind, tuple(sorted(ids))) for (day, kind), ids in by_day.items()]
    for price in PRICE_IDS:
        own: Price = getattr(catalog.prices, price)
        found += [
            Event(step.effective_on, "price", (price,), step.eur, own.unit) for step in own.steps
        ]
    found.sort(key=lambda event: (-event.day.toordinal(), event.kind, event.subjects))
    return tuple(found)


def _gone(removed_on: date | None, day: date) -> bool:
    return removed_on is not None and removed_on <= day
