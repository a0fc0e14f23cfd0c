"""Diagrams as records: what is in them and what leads to what; `drawing.py` makes them pictures.

Picture and spoken description are made from the same record, and what the catalogue decides
(checks, thresholds, phases) is taken from it, so that none can contradict the text beside it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from llmaas.bundle import Phase
from llmaas.catalog.model import Catalog
from llmaas.generators.site.words import Words

Tone = Literal["plain", "accent", "good", "warn", "bad", "muted"]
DiagramName = Literal["architecture", "security", "lifecycle"]
DIAGRAM_NAMES: tuple[DiagramName, ...] = ("architecture", "security", "lifecycle")

TONES: dict[Phase, Tone] = {
    Phase.UPCOMING: "muted",
    Phase.EXPERIMENTAL: "accent",
    Phase.PRODUCTION: "good",
    Phase.DEPRECATED: "warn",
    Phase.END_OF_SUPPORT: "warn",
    Phase.RETIRED: "bad",
}


@dataclass(frozen=True)
class Box:
    """Something in a diagram, at a place of its grid."""

    id: str
    title: str
    note: str
    column: int
    row: int
    tone: Tone = "plain"


@dataclass(frozen=True)
class Arrow:
    """What leads from one box to another."""

    start: str
    end: str
    label: str = ""
    bend: Literal["down", "across"] = "down"
    """Which way it leaves its box, where both are in different rows and columns."""


@dataclass(frozen=True)
class Diagram:
    """A diagram in one language."""

    name: DiagramName
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def described(self) -> tuple[str, ...]:
        """The same in sentences, for readers who do not see the picture."""
        titles = {box.id: box.title for box in self.boxes}
        boxes = [f"{box.title} — {box.note}" if box.note else box.title for box in self.boxes]
        arrows = [
            f"{titles[arrow.start]} → {titles[arrow.end]}"
            + (f" ({arrow.label})" if arrow.label else "")
            for arrow in self.arrows
        ]
        return (*boxes, *arrows)


def diagram_of(name: DiagramName, catalog: Catalog, words: Words) -> Diagram:
    """The diagram of this name.

    Raises:
        KeyError: there is no such diagram.
    """
    return {"architecture": _architecture, "security": _security, "lifecycle": _lifecycle}[name](
        catalog, words
    )


def _architecture(_catalog: Catalog, words: Words) -> Diagram:
    _ = words.text
    return Diagram(
        "architecture",
        _("Architecture du service"),
        (
            Box("docs", _("Documentation"), _("pages en chaque langue"), 0, 0, "muted"),
            Box("catalog", _("Catalogue"), _("un fichier, seule source des faits"), 1, 0, "accent"),
            Box("bundle", _("Tables vérifiées"), _("routes, dates, prix, limites"), 2, 0),
            Box("client", _("Votre application"), _("bibliothèque compatible OpenAI"), 0, 1),
            Box("gateway", _("Passerelle"), _("clé, modèle, limites, flux"), 1, 1, "accent"),
            Box("workers", _("Processus de calcul"), _("un par modèle chargé"), 2, 1),
            Box("security", _("Sécurité des prompts"), _("contrôles avant le modèle"), 0, 2),
            Box("accounts", _("Comptes"), _("clés, consommation"), 1, 2),
            Box("weights", _("Poids du modèle"), _("fichiers GGUF, llama.cpp"), 2, 2),
        ),
        (
            Arrow("catalog", "docs", _("pages")),
            Arrow("catalog", "bundle", _("compilation")),
            Arrow("bundle", "gateway"),
            Arrow("client", "gateway", _("HTTPS")),
            Arrow("gateway", "security"),
            Arrow("gateway", "accounts"),
            Arrow("gateway", "workers", _("tokens")),
            Arrow("workers", "weights"),
        ),
    )


def _security(catalog: Catalog, words: Words) -> Diagram:
    _ = words.text
    policy = catalog.security
    notes = {
        "check_structure": _("encodages, caractères cachés, consignes maquillées"),
        "check_patterns": _("formulations d’attaque connues"),
        "check_behavior": _("répétitions et dérive d’une clé"),
    }
    flag, block = (
        words.number(limit) for limit in (policy.thresholds.flag, policy.thresholds.block)
    )
    checks = [check for check in policy.checks if check.enabled]
    # A line that turns at the edge: places of the grid in the order in which one reads along it.
    places = [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)]
    chain = [
        Box("prompt", _("Prompt"), _("chaque partie d’une requête"), *places[0]),
        *(
            Box(check.id, words.word("check", check.id), notes[check.id], *place, "accent")
            for check, place in zip(checks, places[1:], strict=False)
        ),
    ]
    score = Box("score", _("Score de risque"), _("poids réuni des constats"), *places[len(chain)])
    verdicts = (
        Box(
            "allow", _("Laisser passer"), _("score sous %(limit)s") % {"limit": flag}, 0, 2, "good"
        ),
        Box("flag", _("Signaler"), _("score d’au moins %(limit)s") % {"limit": flag}, 1, 2, "warn"),
        Box("block", _("Refuser"), _("score d’au moins %(limit)s") % {"limit": block}, 2, 2, "bad"),
    )
    line = [*chain, score]
    return Diagram(
        "security",
        _("Contrôles de sécurité d’un prompt"),
        (*line, *verdicts),
        (
            *(Arrow(one.id, next_.id) for one, next_ in pairwise(line)),
            *(Arrow("score", verdict.id) for verdict in verdicts),
        ),
    )


def _lifecycle(catalog: Catalog, words: Words) -> Diagram:
    _ = words.text
    answers, silent = _("répond"), _("ne répond pas")
    places = {
        Phase.UPCOMING: (0, 0),
        Phase.PRODUCTION: (1, 0),
        Phase.EXPERIMENTAL: (1, 1),
        Phase.DEPRECATED: (2, 0),
        Phase.END_OF_SUPPORT: (2, 1),
        Phase.RETIRED: (2, 2),
    }
    months = words.number(catalog.lifecycle.removal_notice_months)
    notes = {
        Phase.DEPRECATED: _("répond, %(n)s mois au moins avant le retrait") % {"n": months},
    }
    return Diagram(
        "lifecycle",
        _("Phases d’un modèle"),
        tuple(
            Box(
                phase.value,
                words.word("phase", phase),
                notes.get(phase, answers if phase.callable else silent),
                *places[phase],
                TONES[phase],
            )
            for phase in Phase
        ),
        (
            Arrow(Phase.UPCOMING, Phase.PRODUCTION, words.word("stability", "stable")),
            Arrow(
                Phase.UPCOMING,
                Phase.EXPERIMENTAL,
                words.word("stability", "experimental"),
                bend="across",
            ),
            Arrow(Phase.PRODUCTION, Phase.DEPRECATED),
            Arrow(Phase.EXPERIMENTAL, Phase.DEPRECATED, bend="across"),
            Arrow(Phase.DEPRECATED, Phase.END_OF_SUPPORT),
            Arrow(Phase.END_OF_SUPPORT, Phase.RETIRED),
        ),
    )
