"""A proxy configuration of LiteLLM: `model_list` and the aliases of its router.

Keys and addresses of providers are not read into anything: they are secrets of a deployment.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from llmaas.bundle.tables import WorkerKind
from llmaas.catalog.edit.new_model import NewModel
from llmaas.catalog.imports.assembling import UNKNOWN_LICENCE, Draft, assembled
from llmaas.catalog.imports.foreign import entries, mapping, read_yaml, whole_number
from llmaas.catalog.imports.naming import billions_of, model_id_of, one_line
from llmaas.catalog.imports.report import Imported, ImportRefusedError, Note

HOSTED_ONLY = frozenset(
    {
        "anthropic",
        "azure",
        "azure_ai",
        "bedrock",
        "cohere",
        "gemini",
        "openai",
        "perplexity",
        "vertex_ai",
        "xai",
    }
)
"""Providers of models whose weights nobody else has; `openai/` with an `api_base` is any server."""
KINDS: Mapping[str, WorkerKind] = {
    "chat": "generation",
    "completion": "generation",
    "responses": "generation",
    "embedding": "embedding",
    "audio_transcription": "transcription",
}
_CONTEXTS: Mapping[WorkerKind, int] = {
    "generation": 4096,
    "embedding": 512,
    "transcription": 448,
}
"""Tokens that nearly every model of a kind has, where none are said."""
_READ_PARAMS = {"model", "api_base"}
_READ_INFO = {
    *("mode", "base_model", "max_input_tokens", "max_tokens", "output_vector_size"),
    *("supports_function_calling", "supports_vision", "supports_reasoning"),
}


def import_litellm(content: bytes, *, today: date) -> Imported:
    """Read a configuration.

    Raises:
        ImportRefusedError: it has no models that could be in a catalogue.
    """
    config = read_yaml(content)
    listed = entries(config, "model_list")
    notes: list[Note] = []
    if not listed:
        raise ImportRefusedError("it has no `model_list`")
    aliases = _aliases(config, notes)
    drafts = [draft for entry in listed for draft in _draft(entry, aliases, notes, today)]
    notes += [
        Note("dropped", section, "section", "settings of the proxy, not of a catalogue")
        for section in config
        if section not in {"model_list", "router_settings"}
    ]
    return assembled(drafts, notes, origin="a LiteLLM configuration", today=today)


def _draft(
    entry: Mapping[str, Any], aliases: Mapping[str, list[str]], notes: list[Note], today: date
) -> Iterator[Draft]:
    name = one_line(entry.get("model_name"), "")
    params, info = mapping(entry.get("litellm_params")), mapping(entry.get("model_info"))
    model_id = model_id_of(name)
    target = one_line(params.get("model"), name)
    provider, _, path = target.partition("/") if "/" in target else ("", "", target)
    if model_id is None or "*" in name:
        notes.append(Note("left out", name or "unnamed", "model", "its name cannot be an id"))
        return
    if provider in HOSTED_ONLY and not (provider == "openai" and params.get("api_base")):
        reason = f"{provider} serves it; there are no weights to serve it from"
        notes.append(Note("left out", model_id, "model", reason))
        return
    mode = one_line(info.get("mode"), "chat")
    if mode not in KINDS:
        notes.append(Note("left out", model_id, "model", f"the mode {mode} is not served here"))
        return
    if model_id != name:
        notes.append(Note("translated", model_id, "name", f"was {name}"))
    notes += [
        Note("dropped", model_id, f"litellm_params.{key}", "belongs to the proxy")
        for key in sorted({*params} - _READ_PARAMS)
    ]
    for key in sorted({*info} - _READ_INFO):
        why = (
            "prices are the service's, by class of tokens: set them in `prices`"
            if "cost" in key
            else "has no place in a catalogue"
        )
        notes.append(Note("dropped", model_id, f"model_info.{key}", why))
    context = whole_number(info.get("max_input_tokens")) or whole_number(info.get("max_tokens"))
    abilities = {"supports_function_calling": "tools", "supports_vision": "vision"}
    abilities |= {"supports_reasoning": "reasoning"}
    kind = KINDS[mode]
    upstream = one_line(info.get("base_model"), path)
    invented = ["publisher", "licence", "released_on"]
    if context is None:
        invented.append("context_tokens")
    yield Draft(
        NewModel(
            id=model_id,
            aliases=tuple(each for each in aliases.get(name, []) if each != model_id),
            released_on=today,
            display_name=name,
            publisher=upstream.split("/")[0] if "/" in upstream else "Unknown",
            family=model_id.partition(":")[0],
            upstream=upstream,
            total_b=billions_of(upstream) or billions_of(name),
            kind=kind,
            capabilities=tuple(word for key, word in abilities.items() if info.get(key) is True)
            if kind == "generation"
            else (),
            context_tokens=context or _CONTEXTS[kind],
            n_ctx=context or _CONTEXTS[kind],
            embedding_dimensions=whole_number(info.get("output_vector_size"))
            if kind == "embedding"
            else None,
            licence=UNKNOWN_LICENCE.id,
            licence_name=UNKNOWN_LICENCE.name,
            commercial_use=UNKNOWN_LICENCE.commercial_use,
        ),
        invented=tuple(invented),
    )


def _aliases(config: Mapping[str, Any], notes: list[Note]) -> dict[str, list[str]]:
    """Further names by the name of the model they lead to."""
    settings = mapping(config.get("router_settings"))
    found: dict[str, list[str]] = {}
    for alias, target in mapping(settings.get("model_group_alias")).items():
        name = one_line(target.get("model") if isinstance(target, Mapping) else target, "nothing")
        alias_id = model_id_of(alias)
        if alias_id is None:
            notes.append(Note("dropped", name, f"alias {alias}", "cannot be an id"))
        elif alias_id not in found.setdefault(name, []):
            found[name].append(alias_id)
    notes += [
        Note("dropped", "router_settings", key, "belongs to the proxy")
        for key in sorted({*settings} - {"model_group_alias"})
    ]
    return found
