"""Promises that a model may break, if it says so and why.

Each promise is a function that tells how a model breaks it, or `None`. What a model breaks without
an exception is an error; an exception for a promise that is kept is a warning.
"""

from collections.abc import Callable, Iterator, Mapping

from llmaas.bundle import add_months
from llmaas.catalog.model import Catalog, LifecyclePolicy, Model
from llmaas.catalog.rules.finding import Finding

Breach = tuple[str, str, str]
"""The key to blame, what is wrong, and the remedy other than an exception."""


def promises_are_kept(catalog: Catalog) -> Iterator[Finding]:
    """Notice, support and licences, model by model."""
    for index, model in enumerate(catalog.models):
        excused = {exception.rule for exception in model.exceptions}
        for rule, breach_of in PROMISES.items():
            breach = None if rule in excused else breach_of(model, catalog.lifecycle)
            if breach is not None:
                key, message, remedy = breach
                yield Finding(
                    ("models", index, key),
                    rule,
                    message,
                    f"{remedy}; or add the exception `{rule}` with its reason",
                )


def exceptions_excuse_something(catalog: Catalog) -> Iterator[Finding]:
    """An exception is shown to readers, who should not be told of a breach that is none."""
    for index, model in enumerate(catalog.models):
        for at, exception in enumerate(model.exceptions):
            if PROMISES[exception.rule](model, catalog.lifecycle) is None:
                yield Finding(
                    ("models", index, "exceptions", at),
                    "unused-exception",
                    f"`{model.id}` does not break the rule `{exception.rule}`",
                    "remove the exception",
                )


def _short_notice(model: Model, policy: LifecyclePolicy) -> Breach | None:
    deprecated, removed = model.deprecated_on, model.removed_on
    if deprecated is None or removed is None or removed < deprecated:
        return None
    months = policy.removal_notice_months
    earliest = add_months(deprecated, months)
    if removed >= earliest:
        return None
    return (
        "removed_on",
        f"`{model.id}` is removed less than {months} months after its deprecation",
        f"remove it on {earliest} at the earliest",
    )


def _removed_before_support_ends(model: Model, _: LifecyclePolicy) -> Breach | None:
    ends, removed = model.support_ends_on, model.removed_on
    if ends is None or removed is None or removed >= ends:
        return None
    return (
        "removed_on",
        f"`{model.id}` is removed on {removed}, while it is supported until {ends}",
        "remove it when support has ended",
    )


def _short_support(model: Model, policy: LifecyclePolicy) -> Breach | None:
    ends = model.support_ends_on or model.removed_on
    if model.stability != "stable" or ends is None or ends <= model.released_on:
        return None
    months = policy.stable_months
    earliest = add_months(model.released_on, months)
    if ends >= earliest:
        return None
    key = "support_ends_on" if model.support_ends_on else "removed_on"
    return (
        key,
        f"`{model.id}` is stable but supported for less than {months} months",
        f"support it until {earliest} at least, or make its stability `experimental`",
    )


def _non_commercial_licence(model: Model, _: LifecyclePolicy) -> Breach | None:
    if model.licence.commercial_use != "no":
        return None
    return (
        "licence",
        f"the licence of `{model.id}` forbids commercial use, and this service is paid",
        "remove the model, or correct `commercial_use`",
    )


PROMISES: Mapping[str, Callable[[Model, LifecyclePolicy], Breach | None]] = {
    "short-notice": _short_notice,
    "removed-before-support-ends": _removed_before_support_ends,
    "short-support": _short_support,
    "non-commercial-licence": _non_commercial_licence,
}
"""By the name that the rule has in an exception, which is its code too."""
