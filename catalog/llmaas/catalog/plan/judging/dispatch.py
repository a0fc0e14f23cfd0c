"""Which judge a place in the catalogue has, and whom its changes concern."""

from collections.abc import Callable, Mapping

from llmaas.bundle import Phase
from llmaas.catalog.plan.change import Audience, Change, Effect, Judgement
from llmaas.catalog.plan.difference import Delta
from llmaas.catalog.plan.judging import lifecycle, models, money, service
from llmaas.catalog.plan.judging.sides import Sides, compatible
from llmaas.catalog.plan.tree import Path

Judge = Callable[[Delta, Sides], Judgement]

JUDGES: Mapping[str, Judge] = {
    "models.*.released_on": lifecycle.released_on,
    "models.*.stability": lifecycle.stability,
    "models.*.support_ends_on": lifecycle.support_ends_on,
    "models.*.deprecated_on": lifecycle.deprecated_on,
    "models.*.removed_on": lifecycle.removed_on,
    "models.*.successor": lifecycle.successor,
    "models.*.aliases.*": models.name_of_model,
    "models.*.capabilities.*": models.ability,
    "models.*.endpoints.*": models.ability,
    "models.*.input_modalities.*": models.ability,
    "models.*.output_modalities.*": models.ability,
    "models.*.context_tokens": models.context,
    "models.*.serving.n_ctx": models.context,
    "models.*.upstream": models.weights,
    "models.*.serving.weights": models.weights,
    "models.*.serving.mmproj": models.weights,
    "models.*.serving.pooling": models.vectors,
    "models.*.serving.embedding_dimensions": models.vectors,
    "models.*.serving.kind": models.format_of_answers,
    "models.*.serving.chat_format": models.format_of_answers,
    "models.*.serving.tool_call_format": models.format_of_answers,
    "models.*.serving.reasoning": models.format_of_answers,
    "models.*.licence": models.licence,
    "models.*.exceptions": models.exception,
    "models.*": models.fact,
    "prices.*.steps.*": money.step,
    "prices.*": money.rounding,
    "tiers.*": money.tier_term,
    "lifecycle.stable_months": service.promise,
    "lifecycle.removal_notice_months": service.promise,
    "lifecycle.extended_support": service.extended_support,
    "lifecycle": service.told,
    "service.base_url": service.address,
    "service.regions": service.region,
    "service.sla": service.promise,
    "service.languages": service.language,
    "service.support.languages.*": service.support_language,
    "service.support.critical_response_h": service.response_time,
    "service.support": service.told,
    "service.operator": service.told,
    "service.time_zone": service.time_zone,
    "service.audit_retention_days": service.told,
    "compliance": service.compliance,
    "endpoints.*": service.endpoint,
    "security.enabled": service.protection,
    "security.checks.*": service.protection,
    "security.standard_rules": service.protection,
    "security.learned_signal": service.protection,
    "security.fragments": service.threshold,
    "security.fragment_action": service.threshold,
    "security.on_error": service.threshold,
    "security.budgets": service.harmless,
    "security": service.told,
    "security.thresholds": service.threshold,
    "security.repetition": service.threshold,
    "": service.harmless,
}
"""By place; the longest that fits decides. `*` is the name of one item."""

_OPERATIONS = (
    "fleet",
    "models.*.serving.weights.sha256",
    "models.*.serving.weights.verified",
    "models.*.serving.mmproj.sha256",
    "models.*.serving.mmproj.verified",
)
_DOCUMENTATION = (
    "models.*.display_name",
    "models.*.publisher",
    "models.*.family",
    "models.*.parameters",
    "models.*.measured",
    "models.*.tags",
    "models.*.use_cases",
    "integrations",
    "tiers.*.audience",
    "service.languages",
)


def judged(delta: Delta, sides: Sides) -> Change:
    """The change with its class and those it concerns."""
    judgement = _judge_of(delta)(delta, sides)
    if delta.path[0] == "models" and len(delta.path) > 2:
        judgement = _of_a_model_that_does_not_answer(delta, sides, judgement)
    return Change(delta, _audience(delta), judgement)


def _judge_of(delta: Delta) -> Judge:
    if delta.reordered and delta.path != ("service", "languages"):
        return service.harmless
    if delta.path[0] == "models" and len(delta.path) == 2:
        return lifecycle.entry_added if delta.before is None else lifecycle.entry_removed
    if delta.path[0] == "tiers" and len(delta.path) == 2:
        return money.tier
    return JUDGES[_place(delta.path)]


def _place(path: Path) -> str:
    return max((place for place in JUDGES if fits(place, path)), key=_specific)


def _of_a_model_that_does_not_answer(delta: Delta, sides: Sides, found: Judgement) -> Judgement:
    """Nobody calls a model before its release or after its removal."""
    phase = sides.phase_before(delta.path[1])
    if phase is Phase.RETIRED and found.effect is not Effect.COMPATIBLE:
        return compatible(f"{found.message} (retired today)")
    if phase is Phase.UPCOMING and found.effect is Effect.BREAKING:
        return compatible(f"{found.message} (not released yet)")
    return found


def _audience(delta: Delta) -> Audience:
    path = delta.path
    runs_it = path[2:3] == ("serving",) and _place(path) == "models.*"
    if runs_it or any(fits(place, path) for place in _OPERATIONS):
        return Audience("operations")
    if any(fits(place, path) for place in _DOCUMENTATION) or path == ("models",):
        return Audience("documentation")
    match path:
        case ("models", name, *_):
            return Audience("model", name)
        case ("prices", name, *_):
            return Audience("price", name)
        case ("tiers", name, *_):
            return Audience("tier", name)
    return Audience("everyone")


def fits(place: str, path: Path) -> bool:
    """Whether a path is at or below a place; every path is below the empty one."""
    steps = place.split(".") if place else []
    return len(steps) <= len(path) and all(
        step in ("*", name) for step, name in zip(steps, path, strict=False)
    )


def _specific(place: str) -> tuple[int, int]:
    return len(place.split(".")) if place else 0, -place.count("*")
