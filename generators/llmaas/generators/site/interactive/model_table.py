"""The table of models: what it can be filtered by, and what is compared side by side."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from llmaas.bundle import Phase
from llmaas.generators.site.views import CAPABILITIES, CatalogView, ModelView, PriceClass
from llmaas.generators.site.words import Words

AT_MOST_COMPARED = 4
SIZE_EDGES = (4, 15, 40)
"""Billions of parameters at which the size classes meet."""
CONTEXTS = (8_000, 32_000, 100_000)
ENERGIES = (Decimal(1), Decimal(3), Decimal(10))
NOTHING = "—"


@dataclass(frozen=True)
class Choice:
    """Something to choose in a filter."""

    value: str
    label: str


@dataclass(frozen=True)
class Filter:
    """A filter of the table: `key` names it in the URL."""

    key: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class ModelTable:
    """Filters, and the data of the rows by model id."""

    filters: tuple[Filter, ...]
    price_classes: dict[PriceClass, str]
    """What the price classes are called."""
    data: dict[str, Any]


def model_table_of(view: CatalogView, words: Words) -> ModelTable:
    """The filters that lead to at least one model each, and what is known of every model."""
    _ = words.text
    capabilities = [
        name for name in CAPABILITIES if any(name in v.model.capabilities for v in view.models)
    ]
    licences = sorted({v.model.licence.name for v in view.models}, key=str.casefold)
    prices = _price_classes(words)
    phases = [phase for phase in Phase if any(v.phase is phase for v in view.models)]
    filters = (
        Filter("size", _("Paramètres (milliards)"), _sizes(words)),
        Filter(
            "context",
            _("Contexte (tokens)"),
            tuple(Choice(str(least), f"≥ {words.number(least)}") for least in CONTEXTS),
        ),
        Filter(
            "price",
            _("Classe de prix"),
            tuple(
                Choice(name, label)
                for name, label in prices.items()
                if any(v.price_class == name for v in view.models)
            ),
        ),
        Filter(
            "energy",
            _("Énergie (kWh par million de tokens)"),
            tuple(Choice(str(most), f"≤ {words.number(most)}") for most in ENERGIES),
        ),
        Filter("licence", _("Licence"), tuple(Choice(name, name) for name in licences)),
        Filter(
            "phase",
            _("Phase"),
            tuple(Choice(phase, words.word("phase", phase)) for phase in phases),
        ),
        Filter(
            "capability",
            _("Capacité"),
            tuple(Choice(name, words.word("capability", name)) for name in capabilities),
        ),
    )
    return ModelTable(
        filters=filters,
        price_classes=prices,
        data={
            "most": AT_MOST_COMPARED,
            "texts": {
                "count": _("Modèles affichés"),
                "compare": _("Comparer"),
                "remove": _("Ne plus comparer"),
                "full": _("Plus de place : retirez d’abord un modèle de la comparaison."),
                "attribute": _("Repère"),
                "caption": _("Comparaison de modèles"),
            },
            "rows": _attributes(words),
            "models": {row.id: _model(row, words) for row in view.models},
        },
    )


def size_class(total_b: Decimal | None) -> str:
    """Which size class a model is in, by the number of edges below it; empty where unknown."""
    return "" if total_b is None else str(sum(total_b > edge for edge in SIZE_EDGES))


def _sizes(words: Words) -> tuple[Choice, ...]:
    edges = [words.number(edge) for edge in SIZE_EDGES]
    labels = [
        f"≤ {edges[0]}",
        *(f"> {low} – {high}" for low, high in pairwise(edges)),
        f"> {edges[-1]}",
    ]
    return tuple(Choice(str(number), label) for number, label in enumerate(labels))


def _price_classes(words: Words) -> dict[PriceClass, str]:
    _ = words.text
    return {
        "text": _("Entrée et sortie"),
        "reasoning": _("Entrée, sortie et raisonnement"),
        "input": _("Entrée seule"),
        "audio": _("Minute d’audio"),
    }


def _attributes(words: Words) -> list[str]:
    _ = words.text
    return [
        _("Éditeur"),
        _("Phase"),
        _("Paramètres (milliards)"),
        _("Contexte (tokens)"),
        _("Capacités"),
        _("Entrées"),
        _("Classe de prix"),
        _("Licence"),
        _("Usage commercial"),
        _("Vitesse (tokens par seconde)"),
        _("Énergie (kWh par million de tokens)"),
        _("Successeur"),
    ]


def _model(row: ModelView, words: Words) -> dict[str, Any]:
    model = row.model

    def figure(value: Decimal | int | None) -> str:
        return NOTHING if value is None else words.number(value)

    def listed(category: str, keys: tuple[str, ...]) -> str:
        return ", ".join(words.word(category, key) for key in keys) or NOTHING

    return {
        "name": model.display_name,
        "url": f"{row.slug}/",
        "capability": list(model.capabilities),
        "size": size_class(row.total_b),
        "context": model.context_tokens,
        "energy": None if row.kwh_per_mtok is None else float(row.kwh_per_mtok),
        "price": row.price_class,
        "licence": model.licence.name,
        "phase": row.phase.value,
        "values": [
            model.publisher,
            words.word("phase", row.phase),
            figure(row.total_b),
            figure(model.context_tokens),
            listed("capability", model.capabilities),
            listed("modality", model.input_modalities),
            _price_classes(words)[row.price_class],
            model.licence.name,
            words.word("commercial_use", model.licence.commercial_use),
            figure(row.tokens_per_s),
            figure(row.kwh_per_mtok),
            row.entry.successor or NOTHING,
        ],
    }
