"""The layer as the security table of a bundle wants it."""

from collections.abc import Callable

from llmaas.bundle import SecurityPolicy
from llmaas.security.assessment import Engine
from llmaas.security.learned import packaged_model
from llmaas.security.rules import RuleSet
from llmaas.security.verdict import Policy


def engine_of(table: SecurityPolicy, *, clock: Callable[[], float], learned: bool = True) -> Engine:
    """What texts are assessed with; without the linear model where the table or `learned` says so.

    `clock` is monotonic, in seconds.
    """
    return Engine(
        rules=RuleSet(table.rules),
        model=packaged_model() if learned and table.learned_signal else None,
        checks=frozenset(table.checks),
        clock=clock,
    )


def policy_of(table: SecurityPolicy) -> Policy:
    """The policy of a customer without an exception."""
    return Policy(
        checks=frozenset(table.checks),
        flag=float(table.flag_score),
        block=float(table.block_score),
        fragment_action=table.fragment_action,
        repetition_limit=table.repetition_limit,
        repetition_window_s=table.repetition_window_s,
        repetition_action=table.repetition_action,
        on_error=table.on_error,
        canary_action=table.canary_action,
        system_prompt_action=table.system_prompt_action,
    )
