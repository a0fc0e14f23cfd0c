"""The prompt-security policy makes sense."""

from collections.abc import Collection, Iterator

import re2

from llmaas.bundle import BUILT_IN_RULES
from llmaas.bundle.folding import fold
from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog
from llmaas.catalog.rules.finding import Finding
from llmaas.catalog.security_rules import standard_rules
from llmaas.catalog.wording import closest


def thresholds_are_in_order(catalog: Catalog) -> Iterator[Finding]:
    """What is blocked was at least worth a flag."""
    thresholds = catalog.security.thresholds
    if thresholds.flag > thresholds.block:
        yield Finding(
            ("security", "thresholds", "flag"),
            "thresholds-out-of-order",
            f"prompts are blocked from {thresholds.block} but flagged only from {thresholds.flag}",
            "make `flag` at most `block`",
        )


def own_rules_hold_their_examples(catalog: Catalog) -> Iterator[Finding]:
    """An operator's expression compiles, finds every `yes` and no `no`."""
    options = re2.Options()
    options.log_errors = False
    for position, rule in enumerate(catalog.security.rules):
        place = ("security", "rules", position)
        try:
            expression = re2.compile(rule.pattern, options)
        except re2.error as error:
            yield Finding(
                (*place, "pattern"),
                "security-rule",
                f"the expression of `{rule.id}` is not RE2: {error}",
                "RE2 has no look-around and no back-references",
            )
            continue
        for key, texts, wanted in (("yes", rule.yes, True), ("no", rule.no, False)):
            for number, text in enumerate(texts):
                if (expression.search(fold(text)) is not None) is not wanted:
                    yield Finding(
                        (*place, key, number),
                        "security-rule",
                        f"`{rule.id}` {'does not find' if wanted else 'finds'} this text",
                        "the expression is matched against lower-case text without accents on "
                        "Latin letters",
                    )


def disabled_rules_exist(catalog: Catalog) -> Iterator[Finding]:
    """Only a rule that exists can be disabled: a standard one here, any one for a customer."""
    security = catalog.security
    file = standard_rules()
    standard = {rule.id for rule in file.rules} | {rule.id for rule in file.patterns}
    yield from _unknown_rules(
        ("security", "disabled_rules"), security.disabled_rules, standard, "standard rule"
    )
    every = standard | {rule.id for rule in security.rules} | set(BUILT_IN_RULES)
    for position, exception in enumerate(security.exceptions):
        place = ("security", "exceptions", position, "disabled_rules")
        yield from _unknown_rules(place, exception.disabled_rules, every, "rule")


def _unknown_rules(
    place: Loc, names: tuple[str, ...], known: Collection[str], kind: str
) -> Iterator[Finding]:
    listed = tuple(sorted(known))
    for position, name in enumerate(names):
        if name not in known:
            near = closest(name, listed)
            yield Finding(
                (*place, position),
                "security-rule",
                f"there is no {kind} `{name}`",
                f"did you mean `{near}`?" if near else f"the {kind}s are {', '.join(listed)}",
            )


def the_guardian_can_be_asked(catalog: Catalog) -> Iterator[Finding]:
    """It is a model of the catalogue that answers conversations about security."""
    guardian = catalog.security.guardian
    if guardian is None:
        return
    fitting = tuple(
        model.id
        for model in catalog.models
        if "security" in model.capabilities and "chat.completions" in model.endpoints
    )
    if guardian.model not in fitting:
        yield Finding(
            ("security", "guardian", "model"),
            "unfitting-guardian",
            f"`{guardian.model}` is no model with the capability `security` that answers at "
            "`chat.completions`",
            f"such models: {', '.join(fitting)}" if fitting else "leave `guardian` out",
        )
