"""The prompt-security layer: what it looks for, and what it does when it finds something."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from llmaas.bundle.tables import VerdictAction
from llmaas.catalog.model.values import (
    Count,
    Day,
    Key,
    ModelId,
    Positive,
    Record,
    Score,
    Share,
    Text,
)
from llmaas.catalog.security_rules import PatternRule

RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")]
"""Of a rule in a file (`chat-template`) or of one that is built in (`mixed_script`)."""


class Detection(Record):
    """One of the documented checks."""

    id: Literal["check_structure", "check_patterns", "check_behavior"] = Field(
        description="Which check."
    )
    enabled: bool = Field(description="Whether it runs.")


class Repetition(Record):
    """Identical prompts in a row, per key."""

    limit: Count = Field(description="Identical prompts in a row from which the action is taken.")
    window_s: Count = Field(description="Seconds within which they count.")
    action: VerdictAction = Field(description="What happens to such a prompt.")


class Thresholds(Record):
    """Scores between 0 and 1 from which a prompt is flagged or blocked."""

    flag: Score = Field(description="From here on a prompt is logged as suspicious.")
    block: Score = Field(description="From here on a prompt is refused.")


class SecurityBudgets(Record):
    """Limits on the measured figures of the layer, for `llmaas security eval --fail`."""

    recall_percent: Share | None = Field(
        default=None, description="Explicit attacks flagged or blocked, at least."
    )
    language_recall_percent: Share | None = Field(
        default=None, description="The same in the language with the lowest share, at least."
    )
    disguised_recall_percent: Share | None = Field(
        default=None,
        description="Detected attacks that stay detected in the worst disguise, at least.",
    )
    fragmented_recall_percent: Share | None = Field(
        default=None, description="Attacks in pieces that are caught, at least."
    )
    core_false_positive_percent: Share | None = Field(
        default=None, description="Ordinary prompts flagged or blocked, at most."
    )
    core_blocked_percent: Share | None = Field(
        default=None, description="Ordinary prompts blocked, at most."
    )
    p95_ms_at_4096_characters: Positive | None = Field(
        default=None, description="Milliseconds for 95 of 100 prompts of 4096 characters, at most."
    )


class SecurityException(Record):
    """Another policy for one customer, granted by support."""

    tenant: Text = Field(description="Id of the customer's account.")
    mode: Literal["enforce", "flag_only", "off"] = Field(
        default="enforce", description="`flag_only` never refuses; `off` does not look."
    )
    flag: Score | None = Field(default=None, description="Another score that leads to a flag.")
    block: Score | None = Field(default=None, description="Another score that leads to a block.")
    disabled_rules: tuple[RuleName, ...] = Field(
        default=(), description="Rules that do not count for this customer."
    )
    until: Day = Field(description="The last day on which it holds.")
    reason: Text = Field(description="Why; it is in the audit trail.")
    author: Text = Field(description="Who granted it.")


class Guardian(Record):
    """A model of the catalogue that is asked about prompts as well."""

    model: ModelId = Field(description="Its id; a model with the capability `security`.")
    ask: Literal["in_line", "afterwards"] = Field(
        description="`in_line` waits for its word before the model is asked; `afterwards` asks "
        "beside the answer and only writes audit events."
    )
    risk: Text = Field(
        default="jailbreak", description="What it is asked about: `risk_name` of its template."
    )
    action: Literal["flag", "block"] = Field(
        default="flag", description="What happens to a prompt that it finds risky."
    )
    timeout_s: Count = Field(default=5, description="Seconds after which it is not waited for.")
    max_concurrent: Count = Field(
        default=4, description="Prompts about which each gateway asks it at once, at most."
    )
    on_error: Literal["allow", "block"] = Field(
        default="allow", description="What happens to a prompt about which it says nothing."
    )


class OutputCheck(Record):
    """What happens to an answer that gives away what only the model was to read."""

    canary: VerdictAction = Field(
        default="allow",
        description="For a marker that is put into every system message and read in an answer.",
    )
    system_prompt: VerdictAction = Field(
        default="allow", description="For an answer that repeats much of a system message."
    )


class SecurityPolicy(Record):
    """The prompt-security layer."""

    enabled: bool = Field(description="Whether prompts are checked at all.")
    checks: tuple[Detection, ...] = Field(
        description="The checks, in the order in which they run.", min_length=1
    )
    thresholds: Thresholds = Field(description="Scores that lead to a flag or a block.")
    repetition: Repetition = Field(description="When repeated prompts are suspicious.")
    fragments: VerdictAction = Field(
        default="block", description="What happens to an attack in pieces over several prompts."
    )
    learned_signal: bool = Field(
        default=True, description="Whether the linear model is heard beside the rules."
    )
    on_error: Literal["allow", "block"] = Field(
        default="allow", description="What happens to a request when the layer itself fails."
    )
    guardian: Guardian | None = Field(
        default=None, description="A guardian model beside the rules; none where it is left out."
    )
    output: OutputCheck = Field(
        default_factory=OutputCheck, description="Answers that are looked at; none by default."
    )
    standard_rules: bool = Field(
        default=True,
        description="Whether the rules shipped with the software run, in seven languages.",
    )
    disabled_rules: tuple[Key, ...] = Field(
        default=(), description="Standard rules that do not run here."
    )
    rules: tuple[PatternRule, ...] = Field(
        default=(), description="Rules of your own, beside the standard ones."
    )
    exceptions: tuple[SecurityException, ...] = Field(
        default=(), description="What support granted single customers, until a day."
    )
    budgets: SecurityBudgets | None = Field(
        default=None, description="Figures that a change of the layer must keep."
    )
