"""What the pages show, decided: frozen values computed from a catalogue on one day.

Nothing here is formatted or translated; templates loop over these values and place them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

from llmaas.bundle import LifecycleEntry, Phase, model_slug, phase_at
from llmaas.bundle.tables import PriceId
from llmaas.catalog.model import Catalog, Model, Price, PriceStep, Tier
from llmaas.generators.compile.lifecycle import compile_lifecycle
from llmaas.generators.site.feeds.events import Event, events_of
from llmaas.generators.site.samples import Sample, samples_for

NoSample = Literal["upcoming", "retired", "not_served"]
PriceClass = Literal["text", "reasoning", "input", "audio"]
"""Which lines of the price list a model can cause; every model pays the same price per line."""

CAPABILITIES = ("reasoning", "tools", "vision", "ocr", "security", "embedding", "audio")
PRICE_IDS: tuple[PriceId, ...] = ("input", "output", "reasoning_output", "audio")
TOKEN_PRICES: tuple[PriceId, ...] = ("input", "output", "reasoning_output")
TOKENS_PER_PRICE = 1_000_000
_FOR_USE = (
    Phase.PRODUCTION,
    Phase.EXPERIMENTAL,
    Phase.UPCOMING,
    Phase.DEPRECATED,
    Phase.END_OF_SUPPORT,
    Phase.RETIRED,
)
EXAMPLE_TOKENS: dict[PriceId, int] = {"input": 1_500, "output": 400, "reasoning_output": 250}


@dataclass(frozen=True)
class ModelView:
    """A model on a day."""

    model: Model
    entry: LifecycleEntry
    phase: Phase
    callable: bool
    """Whether requests are answered: its phase allows it and one of its endpoints is served."""
    samples: tuple[Sample, ...]
    no_sample: NoSample | None

    @property
    def id(self) -> str:
        """The model's id in the API."""
        return self.model.id

    @property
    def slug(self) -> str:
        """The last segment of its page's URL."""
        return model_slug(self.model.id)

    @property
    def generative(self) -> bool:
        """Whether it writes text."""
        return "text" in self.model.output_modalities and self.model.serving.kind == "generation"

    @property
    def price_class(self) -> PriceClass:
        """What its answers are billed by."""
        if "audio.transcriptions" in self.model.endpoints:
            return "audio"
        if self.model.serving.kind == "embedding":
            return "input"
        return "reasoning" if "reasoning" in self.model.capabilities else "text"

    @property
    def total_b(self) -> Decimal | None:
        """Parameters in billions."""
        return self.model.parameters.total_b if self.model.parameters else None

    @property
    def active_b(self) -> Decimal | None:
        """Parameters used per token in billions, where that is fewer than all."""
        return self.model.parameters.active_b if self.model.parameters else None

    @property
    def tokens_per_s(self) -> Decimal | None:
        """Measured speed."""
        return self.model.measured.tokens_per_s if self.model.measured else None

    @property
    def kwh_per_mtok(self) -> Decimal | None:
        """Measured energy."""
        return self.model.measured.kwh_per_mtok if self.model.measured else None


@dataclass(frozen=True)
class PriceView:
    """A price on a day: the amount in force, and the changes that are already decided."""

    id: PriceId
    unit: str
    rounding: str
    current: PriceStep
    coming: tuple[PriceStep, ...]


@dataclass(frozen=True)
class ExampleLine:
    """One class of tokens in the worked example."""

    id: PriceId
    tokens: int
    eur_per_mtok: Decimal
    cost: Decimal


@dataclass(frozen=True)
class KindCount:
    """How many models can do a thing: callable today, of those in the catalogue."""

    kind: str
    callable: int
    total: int


@dataclass(frozen=True)
class CatalogView:
    """A catalogue on a day."""

    catalog: Catalog
    today: date
    models: tuple[ModelView, ...]
    """By family and size, as a reader looks for them."""

    @cached_property
    def by_id(self) -> dict[str, ModelView]:
        """Models by id."""
        return {view.id: view for view in self.models}

    @cached_property
    def callable(self) -> tuple[ModelView, ...]:
        """Models that answer today."""
        return tuple(view for view in self.models if view.callable)

    @property
    def families(self) -> tuple[tuple[str, tuple[ModelView, ...]], ...]:
        """Models under the name of their family."""
        names = sorted({view.model.family for view in self.models}, key=str.casefold)
        return tuple(
            (name, tuple(view for view in self.models if view.model.family == name))
            for name in names
        )

    @property
    def publishers(self) -> tuple[str, ...]:
        """Publishers of the models that answer today."""
        return tuple(sorted({view.model.publisher for view in self.callable}, key=str.casefold))

    @property
    def phases(self) -> tuple[tuple[Phase, int], ...]:
        """Phases in which there are models, and how many."""
        counts = {phase: sum(view.phase is phase for view in self.models) for phase in Phase}
        return tuple((phase, count) for phase, count in counts.items() if count)

    @property
    def chat_count(self) -> KindCount:
        """Models for conversations."""
        return _count("chat", (v for v in self.models if "chat.completions" in v.model.endpoints))

    @property
    def capability_counts(self) -> tuple[KindCount, ...]:
        """Models by what they can do; one model can be in several rows."""
        counts = (
            _count(kind, (v for v in self.models if kind in v.model.capabilities))
            for kind in CAPABILITIES
        )
        return tuple(count for count in counts if count.total)

    @property
    def parameter_range(self) -> tuple[Decimal, Decimal] | None:
        """Smallest and largest size of the text-writing models that answer today, in billions."""
        sizes = [v.total_b for v in self.callable if v.generative and v.total_b is not None]
        return (min(sizes), max(sizes)) if sizes else None

    @property
    def longest_context(self) -> int | None:
        """Largest published context of the models that answer today, in tokens."""
        return max(
            (v.model.context_tokens for v in self.callable if v.model.context_tokens), default=None
        )

    @property
    def by_use(self) -> tuple[ModelView, ...]:
        """Models that are maintained before those that leave, as who chooses one wants them."""
        return tuple(sorted(self.models, key=lambda view: _FOR_USE.index(view.phase)))

    @property
    def by_end(self) -> tuple[ModelView, ...]:
        """Models in the order in which they leave; those without a date last."""
        return tuple(
            sorted(
                self.models,
                key=lambda v: (
                    v.entry.removed_on or v.entry.support_ends_on or date.max,
                    v.entry.support_ends_on or date.max,
                    v.id,
                ),
            )
        )

    @property
    def first_model(self) -> ModelView | None:
        """A model to try first: loaded at once, in production, supported for long, small."""
        candidates = [v for v in self.callable if v.generative and v.samples]
        return min(
            candidates,
            key=lambda v: (
                not v.model.serving.pinned,
                v.phase is not Phase.PRODUCTION,
                -(v.entry.support_ends_on or date.max).toordinal(),
                v.total_b or Decimal("Infinity"),
                v.id,
            ),
            default=None,
        )

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """All dates of all models as events, oldest first."""
        return events_of(
            (view.entry for view in self.models),
            notice_months=self.catalog.lifecycle.removal_notice_months,
        )

    @property
    def prices(self) -> tuple[PriceView, ...]:
        """The price list."""
        return tuple(
            _price(id_, getattr(self.catalog.prices, id_), self.today) for id_ in PRICE_IDS
        )

    @property
    def example(self) -> tuple[ExampleLine, ...]:
        """An answer priced class by class; each token is in exactly one class."""
        amounts = {price.id: price.current.eur for price in self.prices}
        return tuple(
            ExampleLine(
                id=id_,
                tokens=EXAMPLE_TOKENS[id_],
                eur_per_mtok=amounts[id_],
                cost=EXAMPLE_TOKENS[id_] * amounts[id_] / TOKENS_PER_PRICE,
            )
            for id_ in TOKEN_PRICES
        )

    @property
    def example_total(self) -> Decimal:
        """What the answer of the example costs."""
        return sum((line.cost for line in self.example), Decimal(0))

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers in the catalogue's order."""
        return self.catalog.tiers


def view_catalog(catalog: Catalog, *, today: date, base_url: str) -> CatalogView:
    """Look at a catalogue on a day.

    Args:
        catalog: a valid catalogue.
        today: the day that decides phases and prices.
        base_url: base URL that code samples call.
    """
    served = frozenset(endpoint.id for endpoint in catalog.endpoints if endpoint.status == "served")
    entries = {entry.model: entry for entry in compile_lifecycle(catalog)}
    views = [
        _model(model, entries[model.id], today=today, base_url=base_url, served=served)
        for model in catalog.models
    ]
    views.sort(key=lambda v: (v.model.family.casefold(), v.total_b or Decimal(0), v.id))
    return CatalogView(catalog=catalog, today=today, models=tuple(views))


def _model(
    model: Model, entry: LifecycleEntry, *, today: date, base_url: str, served: frozenset[str]
) -> ModelView:
    phase = phase_at(entry, today)
    answers = phase.callable and not served.isdisjoint(model.endpoints)
    samples = samples_for(model, base_url=base_url, served=served) if answers else ()
    return ModelView(
        model=model,
        entry=entry,
        phase=phase,
        callable=answers,
        samples=samples,
        no_sample=None if samples else _why_no_sample(phase),
    )


def _why_no_sample(phase: Phase) -> NoSample:
    if phase is Phase.RETIRED:
        return "retired"
    return "upcoming" if phase is Phase.UPCOMING else "not_served"


def _count(kind: str, models: Iterable[ModelView]) -> KindCount:
    answers = [view.callable for view in models]
    return KindCount(kind=kind, callable=sum(answers), total=len(answers))


def _price(id_: PriceId, price: Price, today: date) -> PriceView:
    past = [step for step in price.steps if step.effective_on <= today]
    current = past[-1] if past else price.steps[0]
    return PriceView(
        id=id_,
        unit=price.unit,
        rounding=price.rounding,
        current=current,
        coming=tuple(step for step in price.steps if step.effective_on > current.effective_on),
    )
