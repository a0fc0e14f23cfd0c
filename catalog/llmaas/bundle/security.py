"""A compiled rule of the prompt-security layer."""

from llmaas.bundle.tables import Table


class SecurityRule(Table, frozen=True):
    """One expression on folded text (`llmaas.bundle.folding`), and what finding it means."""

    id: str
    """Id of the authored rule, with the language where it has one: `override.fr`."""
    family: str
    weight: float
    pattern: str
    """RE2."""
    negation_before: str | None
    """RE2 on what stands right before a find: it turns the find around."""
    negation_after: str | None
