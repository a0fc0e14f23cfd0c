"""A model to add, put together from what its weights say and what a person knows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
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
    kind: WorkerKind | None = None
    """Generation, where nobody and no file says anything else."""
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


def completed(said: NewModel, read: WeightsFacts | None) -> NewModel:
    """What a person said, and for the rest what the weights say.

    Args:
        said: what is known without the weights.
        read: of the weights, where there is a file.
    """
    model = said if read is None else _with_facts(said, read)
    licence = known_licence(model.licence or "")
    if licence is None:
        return model
    return replace(
        model,
        licence=licence.id,
        licence_name=model.licence_name or licence.name,
        commercial_use=model.commercial_use or licence.commercial_use,
    )


def _with_facts(said: NewModel, read: WeightsFacts) -> NewModel:
    return replace(
        said,
        display_name=said.display_name or read.name,
        publisher=said.publisher or read.publisher,
        family=said.family or read.family,
        upstream=said.upstream or read.upstream,
        total_b=said.total_b or read.total_b,
        active_b=said.active_b or read.active_b,
        context_tokens=said.context_tokens or read.context_tokens,
        quantisation=said.quantisation or read.quantisation,
        kind=said.kind or ("embedding" if read.embedding else "generation"),
        pooling=said.pooling or read.pooling,
        embedding_dimensions=said.embedding_dimensions or read.embedding_dimensions,
        chat_format=said.chat_format or read.chat_format,
        tool_call_format=said.tool_call_format or read.tool_call_format,
        reasoning=said.reasoning or read.reasoning,
        licence=said.licence or (read.licence.id if read.licence else read.licence_name),
        file_seen=True,
    )


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
    kind = model.kind or "generation"
    capabilities = list(model.capabilities)
    for capability, present in (
        ("tools", model.tool_call_format),
        ("reasoning", model.reasoning),
        ("embedding", kind == "embedding"),
        ("audio", kind == "transcription"),
    ):
        if present and capability not in capabilities:
            capabilities.append(capability)
    sees = {"vision", "ocr"} & set(capabilities)
    reads = ["audio"] if kind == "transcription" else ["text", *(["image"] if sees else [])]
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
        "output_modalities": PRODUCES[kind],
        "capabilities": tuple(capabilities),
        "endpoints": tuple(each for each in ANSWERS[kind] if each in offered),
        "context_tokens": model.context_tokens,
        "licence": {
            "id": model.licence,
            "name": model.licence_name,
            "commercial_use": model.commercial_use,
        },
        "stability": model.stability,
        "released_on": str(model.released_on),
        "support_ends_on": None if model.support_ends_on is None else str(model.support_ends_on),
        "serving": _serving(model, kind),
    }
    return _kept(**entry)


def _serving(model: NewModel, kind: WorkerKind) -> dict[str, Any]:
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
        kind=kind,
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
