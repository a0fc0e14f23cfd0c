"""What the metadata of a GGUF file says about its model, in the catalogue's words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from llmaas.bundle.tables import ChatFormat, Pooling, ToolCallFormat
from llmaas.catalog.edit.licences import KnownLicence, known_licence

_POOLINGS: tuple[Pooling, ...] = ("none", "mean", "cls", "last", "rank")
"""By llama.cpp's number."""
_CHAT_FORMATS: tuple[tuple[str, ChatFormat], ...] = (
    ("<|im_sep|>", "phi4"),
    ("<|im_start|>", "chatml"),
    ("<|start_header_id|>", "llama3"),
    ("<start_of_turn>", "gemma"),
    ("<|start_of_role|>", "granite"),
    ("<｜User｜>", "deepseek"),
    ("[INST]", "mistral"),
)
"""What a template of each family contains; the first that is found decides."""
_TOOL_CALL_FORMATS: tuple[tuple[str, ToolCallFormat], ...] = (
    ("<function=", "qwen3_coder"),
    ("<|tool_call|>", "granite"),
    ("<tool_call>", "hermes"),
    ("[ARGS]", "mistral_args"),
    ("[TOOL_CALLS]", "mistral"),
)
_DEEPSEEK_CALLS = "<｜tool▁calls▁begin｜>"
_SIZE_LABEL = re.compile(
    r"(?P<total>[0-9.]+)(?P<unit>[KMBT])(?:-A(?P<active>[0-9.]+)B)?", re.IGNORECASE
)
_BILLIONS = {"K": Decimal("0.000001"), "M": Decimal("0.001"), "B": Decimal(1), "T": Decimal(1000)}


@dataclass(frozen=True)
class WeightsFacts:
    """What a file tells; `None` is what it does not tell."""

    name: str | None
    publisher: str | None
    family: str | None
    upstream: str | None
    licence: KnownLicence | None
    licence_name: str | None
    total_b: Decimal | None
    active_b: Decimal | None
    context_tokens: int | None
    quantisation: str | None
    embedding: bool
    pooling: Pooling | None
    embedding_dimensions: int | None
    chat_format: ChatFormat | None
    tool_call_format: ToolCallFormat | None
    reasoning: Mapping[str, str] | None


def weights_facts(
    metadata: Mapping[str, Any], *, n_parameters: int | None, quantisation: str | None
) -> WeightsFacts:
    """Read the metadata.

    Args:
        metadata: scalars by key, as in the file.
        n_parameters: elements of all its tensors; `None` where the file is one of several.
        quantisation: of most tensors, such as Q4_K_M.
    """

    def text(*keys: str) -> str | None:
        found = (" ".join(str(metadata[key]).split()) for key in keys if metadata.get(key))
        return next(found, None)

    architecture = str(metadata.get("general.architecture", ""))
    template = str(metadata.get("tokenizer.chat_template", ""))
    pooling = dict(enumerate(_POOLINGS)).get(metadata.get(f"{architecture}.pooling_type", -1))
    embedding = pooling not in {None, "none"} or "bert" in architecture
    licence_name = text("general.license.name", "general.license")
    size = _SIZE_LABEL.fullmatch(text("general.size_label") or "")
    total_b = None if n_parameters is None else _billions(n_parameters)
    if total_b is None and size is not None:
        total_b = Decimal(size["total"]) * _BILLIONS[size["unit"].upper()]
    return WeightsFacts(
        name=text("general.name"),
        publisher=text("general.base_model.0.organization", "general.organization"),
        family=text("general.basename", "general.base_model.0.name"),
        upstream=_repository(text("general.base_model.0.repo_url", "general.repo_url")),
        licence=known_licence(text("general.license") or ""),
        licence_name=licence_name,
        total_b=total_b,
        active_b=Decimal(size["active"]) if size and size["active"] else None,
        context_tokens=metadata.get(f"{architecture}.context_length"),
        quantisation=quantisation,
        embedding=embedding,
        pooling=pooling if embedding else None,
        embedding_dimensions=metadata.get(f"{architecture}.embedding_length")
        if embedding
        else None,
        chat_format=None if embedding else _chat_format(template, text("general.name") or ""),
        tool_call_format=None if embedding else _tool_call_format(template),
        reasoning=None if embedding else _reasoning(template),
    )


def _billions(n_parameters: int) -> Decimal:
    """Rounded to three digits, as sizes are published: 7 615 616 512 is 7.62."""
    return Decimal(f"{Decimal(n_parameters) / 10**9:.3g}").normalize() + 0


def _repository(url: str | None) -> str | None:
    return None if url is None else "/".join(url.rstrip("/").split("/")[-2:])


def _chat_format(template: str, name: str) -> ChatFormat | None:
    found = next((each for mark, each in _CHAT_FORMATS if mark in template), None)
    return "granite_guardian" if found == "granite" and "guardian" in name.casefold() else found


def _tool_call_format(template: str) -> ToolCallFormat | None:
    if _DEEPSEEK_CALLS in template:  # writes calls, but is not told of tools
        return "deepseek"
    if "tools" not in template:
        return None
    found = next((each for mark, each in _TOOL_CALL_FORMATS if mark in template), None)
    if found is None and "<|start_header_id|>" in template:
        return "llama3_json"
    return found


def _reasoning(template: str) -> Mapping[str, str] | None:
    """A template that can switch thinking off says so; one that only opens it always thinks."""
    if "<think>" not in template and "</think>" not in template:
        return None
    mode = "on_by_default" if "enable_thinking" in template else "always"
    return {"open": "<think>", "close": "</think>", "mode": mode}
