"""The worker table: all that is needed to load each model."""

from llmaas.bundle import EngineOptions, ReasoningFormat, WeightsFile, WorkerSpec
from llmaas.catalog.model import Engine, Model, Reasoning, Weights
from llmaas.generators.compile.routing import pool_of


def compile_workers(models: tuple[Model, ...]) -> tuple[WorkerSpec, ...]:
    """One specification per pool, that is, per model.

    Retired models keep theirs: whether a model is called is a question of the day, and a bundle
    outlives the day on which it was compiled.
    """
    return tuple(_worker(model) for model in sorted(models, key=lambda m: m.id))


def _worker(model: Model) -> WorkerSpec:
    serving = model.serving
    return WorkerSpec(
        pool=pool_of(model),
        kind=serving.kind,
        weights=_weights(serving.weights),
        mmproj=_weights(serving.mmproj),
        n_ctx=serving.n_ctx,
        n_seq_max=serving.n_seq_max,
        n_gpu_layers=serving.n_gpu_layers,
        chat_format=serving.chat_format,
        tool_call_format=serving.tool_call_format,
        reasoning=_reasoning(serving.reasoning),
        pooling=serving.pooling,
        embedding_dimensions=serving.embedding_dimensions,
        pinned=serving.pinned,
        engine=_engine(serving.engine),
    )


def _engine(engine: Engine | None) -> EngineOptions:
    return EngineOptions() if engine is None else EngineOptions(**engine.model_dump())


def _weights(weights: Weights | None) -> WeightsFile | None:
    if weights is None:
        return None
    return WeightsFile(
        repository=weights.repository,
        file=weights.file,
        quantisation=weights.quantisation,
        sha256=weights.sha256,
    )


def _reasoning(reasoning: Reasoning | None) -> ReasoningFormat | None:
    if reasoning is None:
        return None
    return ReasoningFormat(open=reasoning.open, close=reasoning.close, mode=reasoning.mode)
