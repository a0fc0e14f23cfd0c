"""The prompt-security policy makes sense."""

from collections.abc import Iterator

import re2

from llmaas.bundle.folding import fold
from llmaas.catalog.model import Catalog
from llmaas.catalog.rules.finding import Finding
from llmaas.catalog.security_rules import standard_rules


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
    """Only a rule that exists can be disabled."""
    file = standard_rules()
    known = {rule.id for rule in file.rules} | {rule.id for rule in file.patterns}
    for position, name in enumerate(catalog.security.disabled_rules):
        if name not in known:
            yield Finding(
                ("security", "disabled_rules", position),
                "security-rule",
                f"there is no standard rule `{name}`",
                f"the standard rules are {', '.join(sorted(known))}",
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
