"""A model to add, put together from what its weights say and what a person knows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from llmaas.bundle.tables import WorkerKind
from llmaas.catalog.edit.licences import known_licence
from llmaas.catalog.edit.weights import WeightsFacts
from llmaas.catalog.rules.abilities import ANSWERS, PRODUCES

LARGEST_N_CTX = 32768
"""Context served where nothing else is said: more costs memory that few requests need."""


@dataclass(frozen=True, kw_only=True)
class NewModel:
    """What is known of a model; `None` is unknown, and may not stay so (see `missing`)."""

    id: str
    released_on: date
    aliases: tuple[str, ...] = ()
    display_name: str | None = None
    publisher: str | None = None
    family: str | None = None
    upstream: str | None = None
    total_b: Decimal | None = None
    active_b: Decimal | None = None
    kind: WorkerKind = "generation"
    capabilities: tuple[str, ...] = ()
    context_tokens: int | None = None
    n_ctx: int | None = None
    licence: str | None = None
    licence_name: str | None = None
    commercial_use: str | None = None
    stability: str = "stable"
    support_ends_on: date | None = None
    repository: str | None = None
    file: str | None = None
    quantisation: str | None = None
    sha256: str | None = None
    file_seen: bool = False
    chat_format: str | None = None
    tool_call_format: str | None = None
    reasoning: Mapping[str, str] | None = None
    pooling: str | None = None
    embedding_dimensions: int | None = None


def completed(given: Mapping[str, Any], read: WeightsFacts | None) -> NewModel:
    """What a person said, and for the rest what the weights say.

    Args:
        given: fields of `NewModel`; `None` is not said.
        read: of the weights, where there is a file.
    """
    facts: dict[str, Any] = {}
    if read is not None:
        facts = {
            "display_name": read.name,
            "publisher": read.publisher,
            "family": read.family,
            "upstream": read.upstream,
            "total_b": read.total_b,
            "active_b": read.active_b,
            "context_tokens": read.context_tokens,
            "quantisation": read.quantisation,
            "kind": "embedding" if read.embedding else "generation",
            "pooling": read.pooling,
            "embedding_dimensions": read.embedding_dimensions,
            "chat_format": read.chat_format,
            "tool_call_format": read.tool_call_format,
            "reasoning": read.reasoning,
            "licence": read.licence.id if read.licence else read.licence_name,
            "file_seen": True,
        }
    facts |= {key: value for key, value in given.items() if value not in (None, ())}
    licence = known_licence(str(facts.get("licence", "")))
    if licence is not None:
        facts["licence"] = licence.id
        facts.setdefault("licence_name", licence.name)
        facts.setdefault("commercial_use", licence.commercial_use)
    return NewModel(**{key: value for key, value in facts.items() if value is not None})


def missing(model: NewModel) -> tuple[str, ...]:
    """The fields without which the model cannot be in a catalogue."""
    needed = ["display_name", "publisher", "family", "upstream"]
    needed += ["licence", "licence_name", "commercial_use"]
    if model.n_ctx is None:
        needed.append("context_tokens")
    if model.kind == "embedding":
        needed += ["pooling", "embedding_dimensions"]
    if model.repository is not None:
        needed += ["file", "quantisation"]
    return tuple(name for name in needed if getattr(model, name) is None)


def authored(model: NewModel, offered: Collection[str]) -> dict[str, Any]:
    """The entry of the YAML for a model that misses nothing.

    Args:
        model: what is known of it.
        offered: the endpoints of the service.
    """
    capabilities = list(model.capabilities)
    for capability, present in (
        ("tools", model.tool_call_format),
        ("reasoning", model.reasoning),
        ("embedding", model.kind == "embedding"),
        ("audio", model.kind == "transcription"),
    ):
        if present and capability not in capabilities:
            capabilities.append(capability)
    sees = {"vision", "ocr"} & set(capabilities)
    reads = ["audio"] if model.kind == "transcription" else ["text", *(["image"] if sees else [])]
    entry: dict[str, Any] = {
        "id": model.id,
        "aliases": model.aliases or None,
        "display_name": model.display_name,
        "publisher": model.publisher,
        "family": model.family,
        "upstream": model.upstream,
        "parameters": _kept(total_b=model.total_b, active_b=model.active_b)
        if model.total_b
        else None,
        "input_modalities": tuple(reads),
        "output_modalities": PRODUCES[model.kind],
        "capabilities": tuple(capabilities),
        "endpoints": tuple(each for each in ANSWERS[model.kind] if each in offered),
        "context_tokens": model.context_tokens,
        "licence": {
            "id": model.licence,
            "name": model.licence_name,
            "commercial_use": model.commercial_use,
        },
        "stability": model.stability,
        "released_on": str(model.released_on),
        "support_ends_on": None if model.support_ends_on is None else str(model.support_ends_on),
        "serving": _serving(model),
    }
    return _kept(**entry)


def _serving(model: NewModel) -> dict[str, Any]:
    weights = None
    if model.repository is not None:
        weights = {
            "repository": model.repository,
            "file": model.file,
            "quantisation": model.quantisation,
            "verified": model.file_seen,
            **_kept(sha256=model.sha256),
        }
    return _kept(
        kind=model.kind,
        n_ctx=model.n_ctx or min(model.context_tokens or LARGEST_N_CTX, LARGEST_N_CTX),
        weights=weights,
        chat_format=model.chat_format,
        tool_call_format=model.tool_call_format,
        reasoning=None if model.reasoning is None else dict(model.reasoning),
        pooling=model.pooling,
        embedding_dimensions=model.embedding_dimensions,
    )


def _kept(**facts: Any) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if value is not None}
