"""A small catalogue to vary: plain values in, a validated `Catalog` out."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from llmaas.catalog.model import Catalog

Authored = dict[str, Any]


@pytest.fixture(scope="session")
def authored_model() -> Callable[..., Authored]:
    """One entry of `models`, as it stands in the YAML."""

    def build(model_id: str = "granite:8b", **changes: Any) -> Authored:
        serving = {"kind": "generation", "n_ctx": 4096, **changes.pop("serving", {})}
        return {
            "id": model_id,
            "display_name": model_id.title(),
            "publisher": "Publisher",
            "family": "Family",
            "upstream": f"publisher/{model_id}",
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "capabilities": [],
            "endpoints": ["chat.completions", "completions"],
            "context_tokens": 131072,
            "licence": {"id": "Apache-2.0", "name": "Apache License 2.0", "commercial_use": "yes"},
            "stability": "stable",
            "released_on": "2025-06-13",
            "serving": serving,
        } | changes

    return build


@pytest.fixture(scope="session")
def authored_catalog(authored_model: Callable[..., Authored]) -> Callable[..., Authored]:
    """A whole small catalogue, as it stands in the YAML; keywords replace top-level values."""

    def build(**changes: Any) -> Authored:
        def price(unit: str, rounding: str, eur: str) -> Authored:
            steps = [{"effective_on": "2025-01-01", "eur": Decimal(eur)}]
            return {"unit": unit, "rounding": rounding, "steps": steps}

        return {
            "schema_version": 1,
            "service": {
                "name": "Small service",
                "operator": {"name": "Small operator", "country": "FR"},
                "base_url": "https://api.example.org/v1",
                "time_zone": "Europe/Paris",
                "owned_by": "example",
                "regions": [{"id": "fr-1", "country": "FR"}],
                "languages": ["fr", "en"],
                "sla": {"availability_percent": 99},
                "support": {"languages": ["fr"], "channel": "mail", "first_reply": "working_day"},
            },
            "compliance": [],
            "endpoints": [
                {"id": "chat.completions", "status": "served"},
                {"id": "completions", "status": "served"},
                {"id": "embeddings", "status": "served"},
                {"id": "audio.transcriptions", "status": "planned"},
            ],
            "prices": {
                "input": price("million_tokens", "exact", "0.90"),
                "output": price("million_tokens", "exact", "4.00"),
                "reasoning_output": price("million_tokens", "exact", "21.00"),
                "audio": price("started_minute", "up", "0.01"),
            },
            "tiers": [{"id": "contract", "kind": "contract", "audience": "enterprise"}],
            "lifecycle": {
                "stable_months": 6,
                "removal_notice_months": 3,
                "review": "quarterly",
                "extended_support": "on_request",
            },
            "security": {
                "enabled": True,
                "checks": [
                    {"id": "check_structure", "enabled": True},
                    {"id": "check_patterns", "enabled": True},
                    {"id": "check_behavior", "enabled": True},
                ],
                "thresholds": {"flag": Decimal("0.5"), "block": Decimal("0.8")},
                "repetition": {"limit": 30, "window_s": 60, "action": "flag"},
            },
            "fleet": {"machines": [{"id": "ma01", "gpus": 2, "memory_gib_per_gpu": 80}]},
            "models": [authored_model()],
        } | changes

    return build


@pytest.fixture(scope="session")
def catalog_of() -> Callable[[Authored], Catalog]:
    """Validate plain values as the loader hands them over: lists as tuples."""

    def build(authored: Authored) -> Catalog:
        return Catalog.model_validate(_tuples(authored))

    return build


def _tuples(value: Any) -> Any:
    match value:
        case dict():
            return {key: _tuples(item) for key, item in value.items()}
        case list() | tuple():
            return tuple(_tuples(item) for item in value)
        case _:
            return value
