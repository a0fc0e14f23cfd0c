"""The promises that a change can break. Their names are stable: scripts and reviews rely on them.

Each has a golden case under `tests/golden/plan/`.
"""

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    "removal-without-deprecation": "A model that answers is removed only after its deprecation.",
    "short-notice": "Nothing is taken away earlier than the promised months after its notice.",
    "short-support": "A stable model is supported for the promised months at least.",
    "release-withdrawn": "A released model stays released.",
    "stability-lowered": "What was stable does not become experimental.",
    "name-removed": "A name that requests use goes on being answered.",
    "name-moved": "A name goes on meaning the same model.",
    "ability-removed": "What could be asked of a model can be asked as long as it is there.",
    "context-lowered": "A prompt that fitted goes on fitting.",
    "fixed-version": "A stable model keeps its weights.",
    "vectors-replaced": "New vectors can be compared with stored ones.",
    "licence-narrowed": "Answers may be used as they could be before.",
    "price-without-notice": "A price rises on a later day than the one on which it is published.",
    "billed-price-edited": "What was billed stays explained: a step in force is never edited.",
    "rounding-up": "What is billed exactly is not rounded up later.",
    "tier-removed": "A tier that customers bought stays.",
    "tier-limit-lowered": "Limits and caps of a tier are not lowered for those who bought it.",
    "tier-terms-changed": "A tier does not change its kind.",
    "promise-lowered": "Months of notice and support, availability and support are kept.",
    "address-changed": "The API stays where clients call it.",
    "processing-moved": "Requests stay under the law they were under.",
    "compliance-lost": "A valid qualification or certification stays valid.",
    "protection-removed": "Prompts go on being checked as they were.",
}
"""By name: the sentence that is true as long as the rule is kept."""
