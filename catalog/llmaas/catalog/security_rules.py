"""The rules of the prompt-security layer, as people write them (`security_rules.yaml`)."""

from decimal import Decimal
from importlib import resources
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Words = tuple[str, ...]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConceptRule(_Authored):
    """Concepts in an order, worded by the vocabulary of each language."""

    id: RuleId
    family: RuleId
    weight: Annotated[Decimal, Field(gt=0, le=2)]
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

    id: RuleId
    family: RuleId
    weight: Annotated[Decimal, Field(gt=0, le=2)]
    pattern: str
    yes: tuple[str, ...] = Field(min_length=1)
    no: tuple[str, ...] = Field(min_length=1)


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


def standard_rules() -> RuleFile:
    """The rule set that is shipped with the software."""
    text = resources.files("llmaas.catalog").joinpath("security_rules.yaml").read_text("utf-8")
    # Every scalar stays text until its type is known: `yes` and `no` are keys here, not booleans.
    return RuleFile.model_validate(yaml.load(text, Loader=yaml.CBaseLoader))
