"""The decision about a text or a request, and the policy that it follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import msgspec

from llmaas.security.findings import Finding

Action = Literal["allow", "flag", "block"]
Role = Literal["user", "assistant", "tool", "system"]
RoleMode = Literal["enforce", "flag_except_smuggling", "smuggling_only", "off"]
Mode = Literal["enforce", "flag_only", "off"]

_ORDER: Mapping[Action, int] = {"allow": 0, "flag": 1, "block": 2}

ROLES: Mapping[Role, RoleMode] = MappingProxyType(
    {
        # The customer's own words.
        "user": "enforce",
        # Documents and tool results quote attacks; hidden text in them has no excuse.
        "tool": "flag_except_smuggling",
        # History that clients send back.
        "assistant": "smuggling_only",
        # The client's own instructions; one in thirty legitimate ones reads like an attack.
        "system": "off",
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """How findings become an action. Frozen, so that a verdict can be cached under it."""

    mode: Mode = "enforce"
    checks: frozenset[str] = frozenset({"check_structure", "check_patterns", "check_behavior"})
    flag: float = 0.5
    block: float = 0.8
    disabled_rules: frozenset[str] = frozenset()
    roles: Mapping[Role, RoleMode] = field(default_factory=lambda: ROLES)
    fragment_action: Action = "block"
    repetition_limit: int = 30
    repetition_window_s: float = 600.0
    repetition_action: Action = "flag"
    on_error: Literal["allow", "block"] = "allow"
    time_budget_s: float = 2.0

    canary_action: Action = "allow"
    system_prompt_action: Action = "allow"

    def at_most(self, action: Action) -> Action:
        """What becomes of an action under the mode: without enforcement nobody is refused."""
        return {"enforce": action, "flag_only": weaker(action, "flag"), "off": "allow"}[self.mode]

    @property
    def failing(self) -> Action:
        """What a failure of the layer leads to; without enforcement it refuses nobody."""
        return self.on_error if self.mode == "enforce" else "allow"


class Verdict(msgspec.Struct, frozen=True):
    """What happens to a request and why. Holds no text of the prompt."""

    action: Action
    score: float
    findings: tuple[Finding, ...] = ()
    location: str | None = None
    """The part of the request that decided, such as `messages[2]`."""
    degraded: bool = False
    """Whether the time budget ran out or a check failed, so that less was looked at."""


ALLOWED = Verdict("allow", 0.0)


def strictest(verdicts: tuple[Verdict, ...]) -> Verdict:
    """The verdict with the strongest action, then the highest score; `ALLOWED` for none."""
    return max(verdicts, key=lambda each: (_ORDER[each.action], each.score), default=ALLOWED)


def weaker(action: Action, limit: Action) -> Action:
    """`action`, but at most `limit`."""
    return action if _ORDER[action] <= _ORDER[limit] else limit


def stronger(action: Action, least: Action) -> Action:
    """`action`, but at least `least`."""
    return action if _ORDER[action] >= _ORDER[least] else least
