"""The models of an Ollama installation: what `ollama list` prints, or `GET /api/tags` answers."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from llmaas.catalog.edit.new_model import NewModel
from llmaas.catalog.imports.assembling import UNKNOWN_LICENCE, Draft, assembled
from llmaas.catalog.imports.foreign import entries, mapping
from llmaas.catalog.imports.naming import billions_of, model_id_of, one_line
from llmaas.catalog.imports.report import Imported, ImportRefusedError, Note

_HUB = re.compile(r"(hf\.co|huggingface\.co)/(?P<repository>[^/:\s]+/[^/:\s]+)(:(?P<quant>\S+))?")
_EMBEDDING = re.compile(r"embed|bge|minilm|e5-", re.IGNORECASE)
_DEFAULT_N_CTX = 4096


def import_ollama(content: bytes, *, today: date) -> Imported:
    """Read the list, as text or as JSON.

    Raises:
        ImportRefusedError: it lists no models.
    """
    listed = list(_listed(content))
    if not listed:
        raise ImportRefusedError("it lists no models: give what `ollama list` prints")
    notes: list[Note] = []
    drafts = [draft for name, facts in listed for draft in _draft(name, facts, notes, today)]
    return assembled(drafts, notes, origin="a list of Ollama models", today=today)


def _listed(content: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Names, and the details that only JSON has."""
    text = content.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    if text.startswith("{"):
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ImportRefusedError(f"it is not JSON: {error}") from error
        for entry in entries(mapping(answer), "models"):
            yield (
                one_line(entry.get("name") or entry.get("model"), ""),
                mapping(entry.get("details")),
            )
        return
    lines = [words for line in text.splitlines() if (words := line.split())]
    if lines and lines[0][0] == "NAME":
        yield from ((words[0], {}) for words in lines[1:])


def _draft(
    name: str, details: Mapping[str, Any], notes: list[Note], today: date
) -> Iterator[Draft]:
    model_id = model_id_of(name.removesuffix(":latest"))
    if model_id is None:
        notes.append(Note("left out", name or "unnamed", "model", "its name cannot be an id"))
        return
    if model_id != name:
        notes.append(Note("translated", model_id, "name", f"was {name}"))
    hub = _HUB.fullmatch(name)
    size = billions_of(one_line(details.get("parameter_size"), "")) or billions_of(model_id)
    embeds = bool(_EMBEDDING.search(name))
    quantisation = one_line(details.get("quantization_level"), "") or (hub and hub["quant"]) or None
    if quantisation:
        why = "weights need the file in its repository; add `weights:` to `serving`"
        notes.append(Note("dropped", model_id, f"quantisation {quantisation}", why))
    upstream = hub["repository"] if hub else model_id
    yield Draft(
        NewModel(
            id=model_id,
            released_on=today,
            display_name=one_line(name.rsplit("/", 1)[-1], model_id),
            publisher=hub["repository"].split("/")[0] if hub else "Unknown",
            family=one_line(details.get("family"), model_id.partition(":")[0]),
            upstream=upstream,
            total_b=size,
            kind="embedding" if embeds else "generation",
            context_tokens=_DEFAULT_N_CTX,
            licence=UNKNOWN_LICENCE.id,
            licence_name=UNKNOWN_LICENCE.name,
            commercial_use=UNKNOWN_LICENCE.commercial_use,
        ),
        invented=("publisher", "upstream", "licence", "released_on", "context_tokens"),
    )
