"""The rules of the prompt-security layer, as people write them (`security_rules.yaml`)."""

from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Words = tuple[str, ...]
Expression = Annotated[str, StringConstraints(min_length=3)]
Weight = Annotated[
    Decimal,
    Field(gt=0, le=2),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 2}),
]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConceptRule(_Authored):
    """Concepts in an order, worded by the vocabulary of each language."""

    id: RuleId
    family: RuleId
    weight: Weight
    gap: Annotated[int, Field(ge=0, le=20)]
    match: tuple[tuple[str, ...], ...] = Field(min_length=1)
    match_in: dict[Language, tuple[tuple[str, ...], ...]] = Field(
        default_factory=dict, description="Orders of languages whose syntax differs."
    )
    negated: bool = Field(default=False, description="Whether a negation turns it around.")
    yes: tuple[str, ...] = Field(min_length=1, description="Texts in which it must be found.")
    no: tuple[str, ...] = Field(min_length=1, description="Texts in which it must not be found.")


class PatternRule(_Authored):
    """An RE2 expression on folded text, where concepts do not fit."""

    id: RuleId = Field(description="Name of the rule, in audit events.")
    family: RuleId = Field(description="Rules of one family count together, up to a cap.")
    weight: Weight = Field(
        description="1 is an attack in nearly every context, 0.5 a hint that needs company."
    )
    pattern: Expression = Field(
        description="RE2 expression on folded text: lower case, Latin letters without accents."
    )
    yes: tuple[str, ...] = Field(description="Texts in which it must be found.", min_length=1)
    no: tuple[str, ...] = Field(description="Texts in which it must not be found.", min_length=1)


class Negation(_Authored):
    """Words that turn a find around, by language."""

    before: dict[Language, Words]
    after: dict[Language, Words]


class RuleFile(_Authored):
    """A vocabulary and the rules over it."""

    vocabulary: dict[str, dict[Language, Words]]
    negation: Negation
    rules: tuple[ConceptRule, ...] = ()
    patterns: tuple[PatternRule, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language of the vocabulary, in the order of its first appearance."""
        return tuple(dict.fromkeys(code for words in self.vocabulary.values() for code in words))

    def words(self, concept: str, language: str) -> Words:
        """How a language words a concept; empty where it does not."""
        return self.vocabulary[concept].get(language, ())


@cache
def standard_rules() -> RuleFile:
    """The rule set that is shipped with the software."""
    text = resources.files("llmaas.catalog").joinpath("security_rules.yaml").read_text("utf-8")
    # Every scalar stays text until its type is known: `yes` and `no` are keys here, not booleans.
    return RuleFile.model_validate(yaml.load(text, Loader=yaml.CBaseLoader))  # noqa: S506 it builds only text, lists and mappings
