"""The prompt-security layer: three checks, a learned signal, one verdict. See `design.md`."""

from llmaas.security.assessment import Assessment, Engine, assess
from llmaas.security.behavior import check_behavior
from llmaas.security.cache import AssessmentCache, KeyedDigest
from llmaas.security.findings import Finding
from llmaas.security.history import (
    History,
    HistoryStore,
    HistoryUnavailableError,
    MemoryHistoryStore,
    Sent,
    Step,
)
from llmaas.security.learned import LinearModel, packaged_model
from llmaas.security.output import Leak, OutputWatch
from llmaas.security.patterns import check_patterns
from llmaas.security.rules import RuleSet
from llmaas.security.screening import LONG, Part, Screen
from llmaas.security.structure import check_structure
from llmaas.security.table import engine_of, policy_of
from llmaas.security.verdict import ALLOWED, Policy, Verdict, stronger

__all__ = [
    "ALLOWED",
    "LONG",
    "Assessment",
    "AssessmentCache",
    "Engine",
    "Finding",
    "History",
    "HistoryStore",
    "HistoryUnavailableError",
    "KeyedDigest",
    "Leak",
    "LinearModel",
    "MemoryHistoryStore",
    "OutputWatch",
    "Part",
    "Policy",
    "RuleSet",
    "Screen",
    "Sent",
    "Step",
    "Verdict",
    "assess",
    "check_behavior",
    "check_patterns",
    "check_structure",
    "engine_of",
    "packaged_model",
    "policy_of",
    "stronger",
]
