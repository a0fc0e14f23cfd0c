"""The security table: which checks run and from which score they act."""

from llmaas.bundle import GuardianPolicy, SecurityException, SecurityPolicy, SecurityRule
from llmaas.catalog import model as authored
from llmaas.catalog.security_rules import standard_rules
from llmaas.generators.compile.canonical import canonical_decimal
from llmaas.generators.compile.security_rules import compile_rules, pattern_rule

CHECK_ORDER = ("check_structure", "check_patterns", "check_behavior")
"""Cheapest first: the next one sees only what the one before let through."""


def compile_security(security: authored.SecurityPolicy) -> SecurityPolicy:
    """The policy with the checks that run, in the order in which they run.

    A layer without any check decides nothing, so it counts as switched off.
    """
    enabled = {check.id for check in security.checks if check.enabled}
    return SecurityPolicy(
        enabled=security.enabled and bool(enabled),
        checks=tuple(check for check in CHECK_ORDER if check in enabled),
        flag_score=canonical_decimal(security.thresholds.flag),
        block_score=canonical_decimal(security.thresholds.block),
        repetition_limit=security.repetition.limit,
        repetition_window_s=security.repetition.window_s,
        repetition_action=security.repetition.action,
        fragment_action=security.fragments,
        learned_signal=security.learned_signal,
        on_error=security.on_error,
        guardian=None if security.guardian is None else _guardian(security.guardian),
        canary_action=security.output.canary,
        system_prompt_action=security.output.system_prompt,
        rules=_rules(security),
        exceptions=tuple(map(_exception, security.exceptions)),
    )


def _guardian(guardian: authored.Guardian) -> GuardianPolicy:
    return GuardianPolicy(
        model=guardian.model,
        ask=guardian.ask,
        risk=guardian.risk,
        action=guardian.action,
        timeout_s=guardian.timeout_s,
        max_concurrent=guardian.max_concurrent,
        on_error=guardian.on_error,
    )


def _rules(security: authored.SecurityPolicy) -> tuple[SecurityRule, ...]:
    """The standard rules that are not disabled, then the operator's own."""
    standard = compile_rules(standard_rules()) if security.standard_rules else ()
    kept = (rule for rule in standard if rule.id.partition(".")[0] not in security.disabled_rules)
    return (*kept, *map(pattern_rule, security.rules))


def _exception(exception: authored.SecurityException) -> SecurityException:
    return SecurityException(
        tenant=exception.tenant,
        mode=exception.mode,
        flag_score=None if exception.flag is None else canonical_decimal(exception.flag),
        block_score=None if exception.block is None else canonical_decimal(exception.block),
        disabled_rules=exception.disabled_rules,
        until=exception.until,
        reason=exception.reason,
        author=exception.author,
    )
