"""The contract between the generators and the platform: frozen tables in a verified directory."""

from llmaas.bundle.directory import (
    BundleError,
    bundle_files,
    read_bundle,
    read_document,
    read_manifest,
    to_json,
)
from llmaas.bundle.lifecycle import Phase, add_months, phase_at
from llmaas.bundle.security import SecurityException, SecurityRule
from llmaas.bundle.slugs import model_slug
from llmaas.bundle.tables import (
    Bundle,
    EngineOptions,
    GuardianPolicy,
    LifecycleEntry,
    Machine,
    Manifest,
    Placement,
    PlacementTable,
    Price,
    PriceStep,
    ReasoningFormat,
    Route,
    SecurityPolicy,
    Service,
    TierPolicy,
    WeightsFile,
    WorkerSpec,
)

__all__ = [
    "Bundle",
    "BundleError",
    "EngineOptions",
    "GuardianPolicy",
    "LifecycleEntry",
    "Machine",
    "Manifest",
    "Phase",
    "Placement",
    "PlacementTable",
    "Price",
    "PriceStep",
    "ReasoningFormat",
    "Route",
    "SecurityException",
    "SecurityPolicy",
    "SecurityRule",
    "Service",
    "TierPolicy",
    "WeightsFile",
    "WorkerSpec",
    "add_months",
    "bundle_files",
    "model_slug",
    "phase_at",
    "read_bundle",
    "read_document",
    "read_manifest",
    "to_json",
]
