"""Every code a problem can carry. Codes are stable: scripts and searches rely on them.

Each has a broken example and its exact output under `tests/golden/catalog/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from llmaas.catalog.diagnostics import Severity

Stage = Literal["reading", "structure", "rules", "texts", "files"]
"""A later stage runs only where the earlier ones found nothing; generators run the last two."""


@dataclass(frozen=True)
class Code:
    """A kind of problem."""

    name: str
    stage: Stage
    explanation: str
    severity: Severity = "error"


_ALL = (
    Code("unreadable-file", "reading", "The file is missing or cannot be opened."),
    Code("bad-encoding", "reading", "The file is not UTF-8."),
    Code("bad-character", "reading", "A control character stands in the file."),
    Code("syntax", "reading", "The file is not YAML; reading stopped there."),
    Code("empty-file", "reading", "The file holds nothing but comments."),
    Code("several-documents", "reading", "A file holds one catalogue, so one YAML document."),
    Code("duplicate-key", "reading", "A key stands twice in one mapping; one would be ignored."),
    Code("merge-key", "reading", "Merge keys are refused: a value stands where it is used."),
    Code("anchor", "reading", "Anchors and aliases are refused: a value stands where it is used."),
    Code("tag", "reading", "YAML tags are refused: the catalogue's model gives the types."),
    Code("non-text-key", "reading", "A key is a number, a list or nothing."),
    Code("nested-too-deep", "reading", "Brackets or indentation nest deeper than any catalogue."),
    Code("number-out-of-range", "reading", "A number some program would round, or no number."),
    Code("unknown-key", "structure", "A key that means nothing at this place."),
    Code("missing-key", "structure", "A key that must be given at this place."),
    Code("wrong-type", "structure", "A text where a number belongs, and the like."),
    Code("invalid-value", "structure", "A value of the right type that is not allowed here."),
    Code("base-url", "rules", "The base URL of the API ends in /v1, without a slash after it."),
    Code("unknown-time-zone", "rules", "The time zone is not in the IANA database."),
    Code("duplicate-id", "rules", "Two entries of one list have the same id."),
    Code("duplicate-model-name", "rules", "An id or alias names more than one model."),
    Code("duplicate-entry", "rules", "A list says the same thing twice."),
    Code("unknown-machine", "rules", "A model prefers a machine that the fleet does not have."),
    Code("unoffered-endpoint", "rules", "A model has an endpoint that the service does not offer."),
    Code("unknown-licence", "rules", "A licence id is neither of SPDX nor a LicenseRef-."),
    Code("contradictory-licence", "rules", "The licence id says more than `commercial_use`."),
    Code("dates-out-of-order", "rules", "A date is before one that must come first."),
    Code("removed-without-deprecation", "rules", "A model is removed but never deprecated."),
    Code("short-notice", "rules", "Removal follows deprecation earlier than promised."),
    Code("removed-before-support-ends", "rules", "A model is removed while still supported."),
    Code("short-support", "rules", "A stable model is supported for less than promised."),
    Code("non-commercial-licence", "rules", "The licence forbids use in a paid service."),
    Code("unused-exception", "rules", "An exception excuses nothing.", "warning"),
    Code("missing-successor", "rules", "A deprecated model names no successor."),
    Code("unknown-successor", "rules", "The successor is not a model of the catalogue."),
    Code("successor-cycle", "rules", "Following the successors leads back to the model."),
    Code("successor-ends-first", "rules", "The successor ends before the model it replaces."),
    Code("successor-not-released", "rules", "The successor comes after the model has ended."),
    Code("ended-without-successor", "rules", "A model out of support has no successor.", "warning"),
    Code("price-steps-out-of-order", "rules", "Price steps do not ascend by date."),
    Code("price-unit", "rules", "A price has a unit that its class is not billed in."),
    Code("incomplete-prepaid-tier", "rules", "A prepaid tier lacks its credit, cap or a limit."),
    Code("limited-contract-tier", "rules", "A contract tier has limits that the contract sets."),
    Code("limit-never-binds", "rules", "A limit is reached only after another one.", "warning"),
    Code("thresholds-out-of-order", "rules", "Prompts would be blocked before they are flagged."),
    Code("security-rule", "rules", "A security rule does not find what its examples promise."),
    Code("unfitting-guardian", "rules", "The guardian is no model that can be asked."),
    Code("endpoint-does-not-fit", "rules", "An endpoint that this kind of worker cannot answer."),
    Code("modality-does-not-fit", "rules", "A modality that contradicts the kind of worker."),
    Code("capability-does-not-fit", "rules", "A capability that contradicts modality or kind."),
    Code("parameters-out-of-order", "rules", "More parameters are active than there are."),
    Code("context-exceeded", "rules", "More context is served than the model has."),
    Code("missing-serving-key", "rules", "The worker lacks something to run this model."),
    Code("unfitting-serving-key", "rules", "A serving key that this kind of worker ignores."),
    Code("reasoning-without-markers", "rules", "Reasoning cannot be told from text.", "warning"),
    Code("tools-without-format", "rules", "Tool calls cannot be told from text.", "warning"),
)

CODES: Mapping[str, Code] = {code.name: code for code in _ALL}
"""By name, in the order in which they are looked for."""
