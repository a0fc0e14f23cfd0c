"""A small bundle with a model in every phase, as of TODAY."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from llmaas.bundle import (
    Bundle,
    LifecycleEntry,
    Placement,
    PlacementTable,
    Price,
    PriceStep,
    ReasoningFormat,
    Route,
    SecurityPolicy,
    Service,
    TierPolicy,
    WorkerSpec,
)
from llmaas.bundle.tables import Capability, Endpoint, WorkerKind
from llmaas.workers import ServedModel

TODAY = date(2025, 11, 24)
CHAT = "granite3.3:8b"
REASONING = "qwen3:14b"
EMBEDDING = "granite-embedding:278m"
TRANSCRIPTION = "whisper"
DEPRECATED = "gemma3:12b"
END_OF_SUPPORT = "cogito:8b"
RETIRED = "llama3:8b"
UPCOMING = "gpt-oss:120b"
NOT_DEPLOYED = "deepseek-r1:70b"
ALIAS = "granite"

TEXT: tuple[Endpoint, ...] = ("chat.completions", "completions")


@dataclass(frozen=True)
class _Row:
    model: str
    released_on: date = date(2025, 6, 13)
    support_ends_on: date | None = None
    deprecated_on: date | None = None
    removed_on: date | None = None
    successor: str | None = None
    aliases: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = TEXT
    capabilities: tuple[Capability, ...] = ()
    reasoning: bool = False
    kind: WorkerKind = "generation"
    pinned: bool = False


ROWS = (
    _Row(CHAT, aliases=(ALIAS, "granite-8b"), capabilities=("tools",), pinned=True),
    _Row(REASONING, reasoning=True, capabilities=("reasoning",)),
    _Row(EMBEDDING, endpoints=("embeddings",), capabilities=("embedding",), kind="embedding"),
    _Row(
        TRANSCRIPTION,
        aliases=("whisper-1",),
        endpoints=("audio.transcriptions",),
        capabilities=("audio",),
        kind="transcription",
    ),
    _Row(
        DEPRECATED,
        deprecated_on=date(2025, 11, 21),
        removed_on=date(2026, 3, 1),
        successor=CHAT,
    ),
    _Row(END_OF_SUPPORT, support_ends_on=date(2025, 11, 24), successor=REASONING),
    _Row(RETIRED, removed_on=date(2025, 11, 24), successor=CHAT),
    _Row(UPCOMING, released_on=date(2025, 12, 1)),
    _Row(NOT_DEPLOYED),
)


def make_bundle() -> Bundle:
    return Bundle(
        service=Service(
            name="LLMaaS",
            operator="Example SAS",
            base_url="https://api.example.test/v1",
            time_zone="Europe/Paris",
            languages=("fr", "en"),
            owned_by="Example",
            removal_notice_months=3,
        ),
        routing=tuple(_route(row) for row in ROWS),
        lifecycle=tuple(
            LifecycleEntry(
                model=row.model,
                stability="stable",
                released_on=row.released_on,
                support_ends_on=row.support_ends_on,
                deprecated_on=row.deprecated_on,
                removed_on=row.removed_on,
                successor=row.successor,
            )
            for row in ROWS
        ),
        prices=(
            Price(
                id="input",
                unit="million_tokens",
                steps=(PriceStep(effective_on=date(2025, 6, 1), eur=Decimal("0.90")),),
            ),
            Price(
                id="audio",
                unit="started_minute",
                steps=(PriceStep(effective_on=date(2025, 6, 1), eur=Decimal("0.01")),),
                rounding="up",
            ),
        ),
        tiers=(
            TierPolicy(
                id="tier-1",
                kind="prepaid",
                upfront_credit_eur=Decimal(200),
                monthly_cap_eur=Decimal(1000),
                output_tokens_per_hour=150_000,
                output_tokens_per_day=3_600_000,
            ),
            TierPolicy("contract", "contract", None, None, None, None),
        ),
        security=SecurityPolicy(
            enabled=True,
            checks=(),
            flag_score=Decimal("0.5"),
            block_score=Decimal("0.9"),
            repetition_limit=30,
            repetition_window_s=3600,
            repetition_action="flag",
        ),
        workers=tuple(_spec(row) for row in ROWS),
        placement=PlacementTable(
            machines=(), placements=tuple(Placement(row.model, ()) for row in ROWS)
        ),
    )


def make_deployment() -> dict[str, ServedModel]:
    """Weights for all but one; those of the reasoning model are stand-ins."""
    return {
        row.model: ServedModel(
            spec=_spec(row),
            weights_path=Path("weights.gguf"),
            mmproj_path=None,
            stand_in=row.model == REASONING,
        )
        for row in ROWS
        if row.model != NOT_DEPLOYED
    }


def _route(row: _Row) -> Route:
    return Route(
        model=row.model,
        aliases=row.aliases,
        display_name=row.model.title(),
        publisher="Example",
        endpoints=row.endpoints,
        capabilities=row.capabilities,
        input_modalities=("audio",) if row.kind == "transcription" else ("text",),
        output_modalities=("embedding",) if row.kind == "embedding" else ("text",),
        context_tokens=128_000,
        root=f"example/{row.model}",
        pool=row.model,
    )


def _spec(row: _Row) -> WorkerSpec:
    return WorkerSpec(
        pool=row.model,
        kind=row.kind,
        weights=None,
        mmproj=None,
        n_ctx=512,
        n_seq_max=4,
        n_gpu_layers=0,
        chat_format=None,
        tool_call_format=None,
        reasoning=ReasoningFormat("<think>", "</think>", "on_by_default")
        if row.reasoning
        else None,
        pooling="mean" if row.kind == "embedding" else None,
        embedding_dimensions=4 if row.kind == "embedding" else None,
        pinned=row.pinned,
    )
