"""A worker has what it needs to run its model, and nothing that it would ignore."""

from collections.abc import Iterator, Mapping

from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog, Model
from llmaas.catalog.rules.finding import Finding

ONLY_FOR: Mapping[str, str] = {
    "chat_format": "generation",
    "tool_call_format": "generation",
    "reasoning": "generation",
    "mmproj": "generation",
    "pooling": "embedding",
    "embedding_dimensions": "embedding",
}
"""The kind of worker that reads a key of `serving`."""


def context_is_within_the_model(catalog: Catalog) -> Iterator[Finding]:
    """A model was not trained beyond its context window."""
    for index, model in enumerate(catalog.models):
        limit = model.context_tokens
        if limit is not None and model.serving.n_ctx > limit:
            yield Finding(
                ("models", index, "serving", "n_ctx"),
                "context-exceeded",
                f"`{model.id}` has a context of {limit} tokens, {model.serving.n_ctx} are served",
                f"serve at most {limit}",
            )


def parameters_are_in_order(catalog: Catalog) -> Iterator[Finding]:
    """The active parameters are some of all."""
    for index, model in enumerate(catalog.models):
        parameters = model.parameters
        if parameters and parameters.active_b and parameters.active_b > parameters.total_b:
            yield Finding(
                ("models", index, "parameters", "active_b"),
                "parameters-out-of-order",
                f"`{model.id}` has {parameters.total_b} billion parameters, of which "
                f"{parameters.active_b} cannot be active",
                "correct the wrong one of the two",
            )


def workers_have_what_they_need(catalog: Catalog) -> Iterator[Finding]:
    """Vectors need their pooling and length; images need a projector beside the weights."""
    for index, model in enumerate(catalog.models):
        for key, reason in _missing(model):
            yield Finding(
                ("models", index, "serving"),
                "missing-serving-key",
                f"`serving` of `{model.id}` lacks `{key}`",
                reason,
            )


def _missing(model: Model) -> Iterator[tuple[str, str]]:
    serving = model.serving
    if serving.kind == "embedding":
        if serving.pooling is None:
            yield "pooling", "an embedding model needs the pooling it was trained with"
        if serving.embedding_dimensions is None:
            yield "embedding_dimensions", "an embedding model needs the length of its vectors"
    if "image" in model.input_modalities and serving.weights and serving.mmproj is None:
        yield "mmproj", "a model that reads images needs the projector that comes with its weights"


def workers_ignore_nothing(catalog: Catalog) -> Iterator[Finding]:
    """What is written has an effect."""
    for index, model in enumerate(catalog.models):
        loc: Loc = ("models", index, "serving")
        kind = model.serving.kind
        for key, reader in ONLY_FOR.items():
            if getattr(model.serving, key) is not None and kind != reader:
                yield Finding(
                    (*loc, key),
                    "unfitting-serving-key",
                    f"a worker of kind `{kind}` does not read `{key}`",
                    f"remove it; it is for the kind `{reader}`",
                )
        if model.serving.mmproj and kind == "generation" and "image" not in model.input_modalities:
            yield Finding(
                (*loc, "mmproj"),
                "unfitting-serving-key",
                f"`{model.id}` has a projector but reads no images",
                "add `image` to `input_modalities`, or remove `mmproj`",
            )


def answers_can_be_taken_apart(catalog: Catalog) -> Iterator[Finding]:
    """Published abilities that the gateway cannot recognise in what the model writes."""
    for index, model in enumerate(catalog.models):
        serving = model.serving
        if serving.kind != "generation":
            continue
        for capability, absent, code, key, lost in (
            (
                "reasoning",
                serving.reasoning is None,
                "reasoning-without-markers",
                "reasoning",
                "reasoning is billed and returned as text",
            ),
            (
                "tools",
                serving.tool_call_format is None,
                "tools-without-format",
                "tool_call_format",
                "tool calls are returned as text",
            ),
        ):
            if absent and capability in model.capabilities:
                yield Finding(
                    ("models", index, "capabilities", model.capabilities.index(capability)),
                    code,
                    f"`{model.id}` claims `{capability}` without `serving.{key}`: {lost}",
                    f"add `{key}:` to `serving`, if this model's format is known",
                )
