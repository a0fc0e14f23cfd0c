"""Kind of worker, endpoints, modalities and capabilities of a model tell the same story."""

from collections.abc import Iterator, Mapping

from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog, Model
from llmaas.catalog.rules.finding import Finding

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "generation": ("chat.completions", "completions"),
    "embedding": ("embeddings",),
    "transcription": ("audio.transcriptions",),
}
"""The endpoints that each kind of worker can answer."""
PRODUCES: Mapping[str, tuple[str, ...]] = {
    "generation": ("text",),
    "embedding": ("embedding",),
    "transcription": ("text",),
}
READS: Mapping[str, tuple[str, ...]] = {
    "generation": ("text", "image"),
    "embedding": ("text",),
    "transcription": ("audio",),
}
NEEDS: Mapping[str, str] = {"embedding": "embedding", "transcription": "audio"}
"""The capability by which a kind of worker is known."""
ONLY_FOR: Mapping[str, str] = {
    "embedding": "embedding",
    "audio": "transcription",
    "tools": "generation",
    "reasoning": "generation",
    "vision": "generation",
    "ocr": "generation",
}
"""The kind of worker that a capability needs."""
SEEING = ("vision", "ocr")


def endpoints_fit(catalog: Catalog) -> Iterator[Finding]:
    """A worker answers the endpoints of its kind."""
    for loc, model in _models(catalog):
        kind = model.serving.kind
        for at, endpoint in enumerate(model.endpoints):
            if endpoint not in ANSWERS[kind]:
                yield Finding(
                    (*loc, "endpoints", at),
                    "endpoint-does-not-fit",
                    f"`{model.id}` is served by a worker of kind `{kind}`, which does not answer "
                    f"`{endpoint}`",
                    f"such a worker answers {' and '.join(ANSWERS[kind])}",
                )


def modalities_fit(catalog: Catalog) -> Iterator[Finding]:
    """A worker reads and produces what its kind can."""
    for loc, model in _models(catalog):
        kind = model.serving.kind
        for key, values, allowed in (
            ("input_modalities", model.input_modalities, READS[kind]),
            ("output_modalities", model.output_modalities, PRODUCES[kind]),
        ):
            for at, value in enumerate(values):
                if value not in allowed:
                    yield Finding(
                        (*loc, key, at),
                        "modality-does-not-fit",
                        f"a worker of kind `{kind}` has no `{value}` among its `{key}`",
                        f"allowed: {', '.join(allowed)}",
                    )


def capabilities_fit(catalog: Catalog) -> Iterator[Finding]:
    """What a model can do follows from what it reads and how it runs, and the other way round."""
    for loc, model in _models(catalog):
        yield from _capabilities(loc, model)


def _capabilities(loc: Loc, model: Model) -> Iterator[Finding]:
    kind = model.serving.kind
    sees = [capability for capability in SEEING if capability in model.capabilities]
    for at, capability in enumerate(model.capabilities):
        if ONLY_FOR.get(capability, kind) != kind:
            yield _does_not_fit(
                (*loc, "capabilities", at),
                f"`{capability}` needs a worker of kind `{ONLY_FOR[capability]}`, "
                f"`{model.id}` has one of kind `{kind}`",
                "remove the capability, or correct `serving.kind`",
            )
        elif capability in sees and "image" not in model.input_modalities:
            yield _does_not_fit(
                (*loc, "capabilities", at),
                f"`{model.id}` has the capability `{capability}` but reads no images",
                "add `image` to `input_modalities`, or remove the capability",
            )
    needed = NEEDS.get(kind)
    if needed is not None and needed not in model.capabilities:
        yield _does_not_fit(
            (*loc, "capabilities"),
            f"a worker of kind `{kind}` has the capability `{needed}`",
            f"add `{needed}` to `capabilities`, or correct `serving.kind`",
        )
    if "image" in model.input_modalities and not sees and kind == "generation":
        yield _does_not_fit(
            (*loc, "capabilities"),
            f"`{model.id}` reads images but has neither of the capabilities `vision` and `ocr`",
            "add one of them, or remove `image` from `input_modalities`",
        )


def _does_not_fit(loc: Loc, message: str, remedy: str) -> Finding:
    return Finding(loc, "capability-does-not-fit", message, remedy)


def _models(catalog: Catalog) -> Iterator[tuple[Loc, Model]]:
    for index, model in enumerate(catalog.models):
        yield ("models", index), model
