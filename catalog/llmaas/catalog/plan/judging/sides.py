"""What judges look at: both sides, the day, and the few questions that many of them ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from llmaas.bundle import LifecycleEntry, Phase, add_months, phase_at
from llmaas.catalog.plan.change import Effect, Judgement
from llmaas.catalog.plan.tree import Branch, at


@dataclass(frozen=True)
class Sides:
    """Both catalogues as trees; the live one may tell less than a whole catalogue does."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    today: date

    @property
    def notice_months(self) -> int:
        """The notice that customers were promised."""
        months = at(self.before, "lifecycle", "removal_notice_months")
        return int(months or at(self.after, "lifecycle", "removal_notice_months") or 0)

    @property
    def stable_months(self) -> int:
        """The support that customers of stable models were promised."""
        months = at(self.before, "lifecycle", "stable_months")
        return int(months or at(self.after, "lifecycle", "stable_months") or 0)

    def noticed_from(self, announced: date) -> date:
        """The first day on which what is announced then may take effect."""
        return add_months(announced, self.notice_months)

    def phase_before(self, model: str) -> Phase | None:
        """The phase in which the live catalogue has a model today; `None` if it has none."""
        facts = at(self.before, "models", model)
        return None if facts is None else phase_of(facts, self.today)


def phase_of(facts: Mapping[str, Any], today: date) -> Phase:
    """The phase of a model of a tree."""
    entry = LifecycleEntry(
        model=facts["id"],
        stability=facts.get("stability", "stable"),
        released_on=facts["released_on"],
        support_ends_on=facts.get("support_ends_on"),
        deprecated_on=facts.get("deprecated_on"),
        removed_on=facts.get("removed_on"),
        successor=facts.get("successor"),
    )
    return phase_at(entry, today)


def compatible(message: str) -> Judgement:
    """Nobody has to do anything."""
    return Judgement(Effect.COMPATIBLE, message)


def notice(message: str) -> Judgement:
    """Those who are affected must be told."""
    return Judgement(Effect.NOTICE_NEEDED, message)


def breaking(rule: str, message: str, remedy: str) -> Judgement:
    """A promise is broken."""
    return Judgement(Effect.BREAKING, message, rule, remedy)


def arrow(name: str, before: Any, after: Any) -> str:
    """`name: before → after`; what comes or goes altogether is added or removed."""
    if before is None:
        return f"{name}: {shown(after)} added"
    if after is None:
        return f"{name}: {shown(before)} removed"
    return f"{name}: {shown(before)} → {shown(after)}"


def shown(value: Any) -> str:
    """A value on one line."""
    match value:
        case Branch():
            return ", ".join(value) or "nothing"
        case Mapping():
            return ", ".join(f"{key} {shown(each)}" for key, each in value.items())
        case tuple():
            return ", ".join(map(str, value))
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
