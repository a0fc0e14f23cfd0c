"""The prompt-security policy makes sense."""

from collections.abc import Iterator

from llmaas.catalog.model import Catalog
from llmaas.catalog.rules.finding import Finding


def thresholds_are_in_order(catalog: Catalog) -> Iterator[Finding]:
    """What is blocked was at least worth a flag."""
    thresholds = catalog.security.thresholds
    if thresholds.flag > thresholds.block:
        yield Finding(
            ("security", "thresholds", "flag"),
            "thresholds-out-of-order",
            f"prompts are blocked from {thresholds.block} but flagged only from {thresholds.flag}",
            "make `flag` at most `block`",
        )
