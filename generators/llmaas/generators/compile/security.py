"""The security table: which checks run and from which score they act."""

from llmaas.bundle import SecurityPolicy
from llmaas.catalog import model as authored
from llmaas.generators.compile.canonical import canonical_decimal

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
    )
