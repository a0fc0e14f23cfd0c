"""The second phase: values of a well-shaped catalogue that contradict each other.

A rule is a function from a catalogue to findings. It sees one idea, knows nothing of files or
lines, and runs whatever the others find.
"""

from collections.abc import Callable, Iterator
from datetime import date

from llmaas.catalog.model import Catalog
from llmaas.catalog.rules import (
    abilities,
    dates,
    exceptions,
    identity,
    licences,
    money,
    references,
    security,
    serving,
    succession,
)
from llmaas.catalog.rules.finding import Finding

RULES: tuple[Callable[[Catalog], Iterator[Finding]], ...] = (
    identity.ids_are_unique,
    identity.model_names_are_unique,
    identity.lists_repeat_nothing,
    references.the_base_url_ends_in_v1,
    references.the_time_zone_exists,
    references.machines_exist,
    references.endpoints_are_offered,
    money.price_steps_ascend,
    money.prices_have_their_unit,
    money.tiers_fit_their_kind,
    money.limits_bind,
    security.thresholds_are_in_order,
    security.own_rules_hold_their_examples,
    security.disabled_rules_exist,
    security.the_guardian_can_be_asked,
    licences.licences_are_known,
    licences.non_commercial_ids_say_so,
    dates.dates_are_in_order,
    dates.removal_follows_a_deprecation,
    exceptions.promises_are_kept,
    exceptions.exceptions_excuse_something,
    succession.deprecated_models_have_successors,
    succession.successors_exist,
    succession.successors_lead_somewhere,
    succession.successors_outlast,
    abilities.endpoints_fit,
    abilities.modalities_fit,
    abilities.capabilities_fit,
    serving.context_is_within_the_model,
    serving.parameters_are_in_order,
    serving.workers_have_what_they_need,
    serving.workers_ignore_nothing,
    serving.answers_can_be_taken_apart,
)

DAILY_RULES: tuple[Callable[[Catalog, date], Iterator[Finding]], ...] = (
    succession.ended_models_have_successors,
)
"""Rules whose outcome changes with the day."""


def findings(catalog: Catalog, today: date | None) -> Iterator[Finding]:
    """What all rules find; those of the day only where a day is given."""
    for rule in RULES:
        yield from rule(catalog)
    if today is not None:
        for daily_rule in DAILY_RULES:
            yield from daily_rule(catalog, today)


__all__ = ["DAILY_RULES", "RULES", "Finding", "findings"]
