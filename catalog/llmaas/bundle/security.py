"""Rows of the prompt-security table: compiled rules, and exceptions for single customers."""

from datetime import date
from decimal import Decimal
from typing import Literal, get_args

import msgspec

BuiltInRule = Literal[
    "bidi_override",
    "invisible_characters",
    "json_role",
    "json_switch",
    "json_unparsed",
    "mixed_script",
    "repetition",
    "tags",
    "variation_selectors",
    "zero_width",
]
"""A rule that is code of the layer and no expression; an exception can disable it all the same."""
BUILT_IN_RULES: tuple[BuiltInRule, ...] = get_args(BuiltInRule)


class SecurityRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One expression on folded text (`llmaas.bundle.folding`), and what finding it means."""

    id: str
    """Id of the authored rule, with the language where it has one: `override.fr`."""
    family: str
    weight: float
    """1 is an attack in nearly every context, 0.5 a hint that needs company."""
    pattern: str
    """RE2."""
    negation_before: str | None
    """RE2 on what stands right before a find: it turns the find around."""
    negation_after: str | None


class SecurityException(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What support granted a customer, until a day."""

    tenant: str
    mode: Literal["enforce", "flag_only", "off"]
    flag_score: Decimal | None
    block_score: Decimal | None
    disabled_rules: tuple[str, ...]
    until: date
    """The last day on which it holds."""
    reason: str
    author: str
