"""The `models_config.yaml` that the service's documentation was made from before.

    stats:              counts, prices and certificates, kept by hand
    large_models:       a list of models; every other list beside it is read in the same way
      - name, editor, location, parameters, parameters_string, context_size,
        speed, energy_per_million_tokens, licence, description, details,
        supports_tools, supports_vision, supports_reasoning, supports_security, is_fast,
        tags, use_cases

Its texts are French sentences. Tags become keys that are translated; sentences are reported.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from llmaas.catalog.edit.licences import KnownLicence, known_licence
from llmaas.catalog.edit.new_model import NewModel
from llmaas.catalog.edit.operations import Add, Operation, Put
from llmaas.catalog.imports.assembling import Draft, assembled
from llmaas.catalog.imports.foreign import decimal_number, mapping, read_yaml, whole_number
from llmaas.catalog.imports.naming import billions_of, model_id_of, one_line
from llmaas.catalog.imports.report import Imported, ImportRefusedError, Note

PRICES: Mapping[str, str] = {
    "pricing_input": "input",
    "pricing_output": "output",
    "pricing_reasoning": "reasoning_output",
    "pricing_audio": "audio",
}
RECORDS: Mapping[str, Mapping[str, str]] = {
    "secnumcloud": {"id": "secnumcloud", "name": "SecNumCloud", "kind": "qualification"},
    "hds": {"id": "hds", "name": "HDS", "kind": "certification"},
    "c5": {"id": "c5", "name": "C5", "kind": "certification"},
    "sovereign": {"id": "sovereignty", "name": "Sovereignty", "kind": "claim"},
}
TAGS: Mapping[str, str] = {
    "agent": "agent",
    "agentic": "agent",
    "analyse": "analysis",
    "audio": "audio",
    "compréhension": "comprehension",
    "conformité": "compliance",
    "dialogue": "dialogue",
    "edge ai": "edge",
    "efficient": "efficient",
    "embarqué": "embedded",
    "embedding": "embedding",
    "filtrage": "filtering",
    "français": "french",
    "grand contexte": "long-context",
    "instructions": "instruction-following",
    "suivi d'instructions": "instruction-following",
    "localisation visuelle": "visual-localisation",
    "mathématiques": "mathematics",
    "moe": "moe",
    "multilingue": "multilingual",
    "ocr": "ocr",
    "polyvalent": "versatile",
    "programmation": "programming",
    "raisonnement": "reasoning",
    "rapide": "fast",
    "sécurité": "security",
    "sémantique": "semantic",
    "transcription": "transcription",
    "vision": "vision",
}
"""By the French word: the key under which the site has it in every language."""
ABILITIES: Mapping[str, str] = {
    "supports_tools": "tools",
    "supports_vision": "vision",
    "supports_reasoning": "reasoning",
    "supports_security": "security",
}
_SENTENCES = ("description", "details")
_READ = {
    *("name", "editor", "location", "parameters", "parameters_string", "context_size", "speed"),
    *("energy_per_million_tokens", "licence", "is_fast", "tags", "use_cases"),
    *ABILITIES,
    *_SENTENCES,
}
_SOURCE = "models_config.yaml of the service"
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def import_legacy(content: bytes, *, today: date) -> Imported:
    """Read the file.

    Raises:
        ImportRefusedError: it has no models.
    """
    config = read_yaml(content)
    notes: list[Note] = []
    operations = _of_stats(mapping(config.get("stats")), notes, today)
    models = [
        mapping(entry)
        for section in config.values()
        if isinstance(section, list)
        for entry in section
        if isinstance(entry, Mapping) and "name" in entry
    ]
    if not models:
        raise ImportRefusedError("it has no lists of models with names")
    drafts = [draft for entry in models for draft in _draft(entry, notes, today)]
    origin = "a models_config.yaml of the earlier format"
    return assembled(drafts, notes, origin=origin, today=today, operations=operations)


def _of_stats(stats: Mapping[str, Any], notes: list[Note], today: date) -> list[Operation]:
    operations: list[Operation] = []
    for key, value in stats.items():
        if key in PRICES and (eur := decimal_number(value)) is not None:
            loc = ("prices", PRICES[key], "steps", 0)
            operations += [Put((*loc, "eur"), eur), Put((*loc, "effective_on"), str(today))]
            notes.append(Note("completed", "prices", PRICES[key], f"billed from {today} on"))
        elif key in RECORDS and value is True:
            record = {**RECORDS[key], "scope": "infrastructure", "status": "unconfirmed"}
            operations.append(Add(("compliance",), record))
            notes.append(
                Note("completed", "compliance", key, "scope and status are to be confirmed")
            )
        elif key in RECORDS:
            notes.append(Note("dropped", "compliance", key, "not held: what is absent is unknown"))
        else:
            notes.append(Note("dropped", "stats", key, "computed from the models"))
    return operations


def _draft(entry: Mapping[str, Any], notes: list[Note], today: date) -> Iterator[Draft]:
    name = one_line(entry["name"], "")
    model_id = model_id_of(name)
    if model_id is None:
        notes.append(Note("left out", name or "unnamed", "model", "its name cannot be an id"))
        return
    if model_id != name:
        notes.append(Note("translated", model_id, "name", f"was {name}"))
    tags = _tags(entry, model_id, notes)
    invented = ["upstream", "released_on"]
    context = whole_number(entry.get("context_size"))
    if context is None:
        invented.append("context_tokens")
    licence = _licence(one_line(entry.get("licence"), ""), model_id, notes)
    more: dict[str, Any] = {"tags": tags} if tags else {}
    measured = _measured(entry)
    if measured:
        more["measured"] = {**measured, "source": _SOURCE}
    _report(entry, model_id, notes)
    yield Draft(
        NewModel(
            id=model_id,
            released_on=today,
            display_name=name,
            publisher=one_line(entry.get("editor"), "Unknown"),
            family=model_id.partition(":")[0],
            upstream=model_id,
            total_b=billions_of(one_line(entry.get("parameters_string"), ""))
            or decimal_number(entry.get("parameters")),
            kind="embedding" if "embedding" in tags else "generation",
            capabilities=tuple(word for key, word in ABILITIES.items() if entry.get(key) is True),
            context_tokens=context or 4096,
            licence=licence.id,
            licence_name=licence.name,
            commercial_use=licence.commercial_use,
        ),
        more,
        tuple(invented),
    )


def _tags(entry: Mapping[str, Any], model_id: str, notes: list[Note]) -> tuple[str, ...]:
    given = entry.get("tags")
    found: list[str] = []
    for tag in given if isinstance(given, list) else []:
        key = TAGS.get(one_line(tag, "").casefold().replace("’", "'"))
        if key is None:
            notes.append(Note("dropped", model_id, f"tag {one_line(tag, '?')}", "is no key"))
        elif key not in found:
            found.append(key)
    if entry.get("is_fast") is True and "fast" not in found:
        found.append("fast")
    return tuple(found)


def _licence(name: str, model_id: str, notes: list[Note]) -> KnownLicence:
    known = known_licence(name)
    if known is not None:
        return known
    plain = "-".join(re.findall(r"[A-Za-z0-9.]+", name)).strip(".") or "unknown"
    why = "is not known here; whether it allows commercial use is to be read in it"
    notes.append(Note("completed", model_id, f"licence {name or 'without a name'}", why))
    return KnownLicence(f"LicenseRef-{plain}", name or "Unknown licence", "restricted")


def _measured(entry: Mapping[str, Any]) -> dict[str, Decimal]:
    """`38 tokens/seconde` is 38; energy is a number already."""
    speed = _NUMBER.search(one_line(entry.get("speed"), ""))
    figures = {
        "tokens_per_s": decimal_number(speed[0]) if speed else None,
        "kwh_per_mtok": decimal_number(entry.get("energy_per_million_tokens")),
    }
    return {key: value for key, value in figures.items() if value is not None}


def _report(entry: Mapping[str, Any], model_id: str, notes: list[Note]) -> None:
    for key in _SENTENCES:
        if entry.get(key):
            why = "a French sentence; pages are written from facts in five languages"
            notes.append(Note("dropped", model_id, key, why))
    cases = entry.get("use_cases")
    for case in cases if isinstance(cases, list) else []:
        why = "a French sentence; choose a key of `use_cases` for it"
        notes.append(Note("dropped", model_id, f"use case “{one_line(case, '?')}”", why))
    if entry.get("location"):
        why = "requests are processed where `service.regions` says"
        notes.append(Note("dropped", model_id, "location", why))
    unknown = sorted({*entry} - _READ)
    notes += [Note("dropped", model_id, key, "is no key of that format") for key in unknown]
