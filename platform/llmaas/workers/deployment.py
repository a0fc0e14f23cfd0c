"""Which weights answer for which pool: pulled ones, else stand-ins where they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from llmaas.bundle import Placement, ReasoningFormat, WorkerSpec
from llmaas.bundle.tables import ToolCallFormat
from llmaas.workers.weights import OutsideWeightsError, weights_path

if TYPE_CHECKING:  # its package makes weights and needs numpy and gguf; the gateway does not
    from llmaas.workers.stand_in import StandIns

STAND_IN_MARKERS = ("<think>", "</think>")
STAND_IN_TOOL_CALLS: ToolCallFormat = "hermes"


@dataclass(frozen=True)
class ServedModel:
    """A pool this deployment can start."""

    spec: WorkerSpec
    """As it is served: with a stand-in, context and formats are the stand-in's."""
    weights_path: Path
    """On this machine; where it runs on another one, only the file's name."""
    mmproj_path: Path | None
    stand_in: bool
    """The answers come from weights that only stand in for the model's own."""
    machines: tuple[str, ...] = ()
    """Other machines on which it runs, preferred first; none is this one."""


def plan_deployment(
    specs: Iterable[WorkerSpec],
    *,
    weights_dir: Path,
    stand_ins: StandIns | None,
    placements: Iterable[Placement] = (),
    machines: Collection[str] = (),
) -> dict[str, ServedModel]:
    """The pools that can be served, by name, in the order of `specs`.

    Args:
        specs: one row per pool.
        weights_dir: where `llmaas pull` puts weights: `publisher--repository/file`.
        stand_ins: what answers for pools without pulled weights; without it they are left out.
        placements: on which machines a pool should run.
        machines: the ones that can be reached; a pool that should run on one of them runs there,
            with the weights that were pulled there.
    """
    wanted = {each.pool: each.machines for each in placements}
    planned = (
        (
            spec,
            _placed(spec, [name for name in wanted.get(spec.pool, ()) if name in machines])
            or _pulled(spec, weights_dir)
            or _stand_in(spec, stand_ins),
        )
        for spec in specs
    )
    return {spec.pool: served for spec, served in planned if served is not None}


def _placed(spec: WorkerSpec, machines: list[str]) -> ServedModel | None:
    if not machines or spec.weights is None:
        return None
    elsewhere = Path(spec.weights.file)
    return ServedModel(spec, elsewhere, None, stand_in=False, machines=tuple(machines))


def _pulled(spec: WorkerSpec, weights_dir: Path) -> ServedModel | None:
    """Served only when every file of the model is there: half a vision model answers wrongly."""
    if spec.weights is None:
        return None
    try:
        path = weights_path(spec.weights, weights_dir)
        mmproj = None if spec.mmproj is None else weights_path(spec.mmproj, weights_dir)
    except OutsideWeightsError:
        return None  # `llmaas pull` says so
    if not path.is_file() or (mmproj is not None and not mmproj.is_file()):
        return None
    return ServedModel(spec, path, mmproj, stand_in=False)


def _stand_in(spec: WorkerSpec, stand_ins: StandIns | None) -> ServedModel | None:
    if stand_ins is None:
        return None
    neutral = replace(
        spec,
        weights=None,
        mmproj=None,
        chat_format=None,
        reasoning=None,
        n_gpu_layers=0,
    )
    if spec.kind == "embedding":
        # Its own context and pooling: the weights say both.
        served = replace(neutral, pooling=None, embedding_dimensions=768, tool_call_format=None)
        return ServedModel(served, stand_ins.embedding, None, stand_in=True)
    if spec.kind == "transcription":
        return ServedModel(neutral, stand_ins.transcription, None, stand_in=True)
    tools = None if spec.tool_call_format is None else STAND_IN_TOOL_CALLS
    served = replace(neutral, n_ctx=min(spec.n_ctx, stand_ins.n_ctx), tool_call_format=tools)
    projector = None if spec.mmproj is None else stand_ins.projector
    if spec.reasoning is None:
        return ServedModel(served, stand_ins.chat, projector, stand_in=True)
    opens, closes = STAND_IN_MARKERS
    markers = ReasoningFormat(open=opens, close=closes, mode=spec.reasoning.mode)
    thinking = replace(served, reasoning=markers)
    return ServedModel(thinking, stand_ins.reasoning, projector, stand_in=True)
