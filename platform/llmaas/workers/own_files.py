"""A worker for a gateway on another machine: weights come from this machine's own directory.

Whatever paths a gateway names are ignored, so it can have nothing loaded but weights.
"""

import os
from pathlib import Path

import msgspec

from llmaas.bundle import WorkerSpec
from llmaas.workers.memory import memory_needed
from llmaas.workers.protocol import Load, Measured
from llmaas.workers.weights import OutsideWeightsError, weights_path


def located(load: Load, weights_dir: Path) -> Load:
    """The same with the files and the threads of this machine."""
    try:
        weights, mmproj = _paths(load.spec, weights_dir)
    except OutsideWeightsError:
        weights, mmproj = weights_dir / "nothing", None  # does not load
    return msgspec.structs.replace(
        load,
        weights_path=str(weights),
        mmproj_path=None if mmproj is None else str(mmproj),
        n_threads=load.n_threads or max(1, len(os.sched_getaffinity(0)) - 1),
    )


def measured(spec: WorkerSpec, weights_dir: Path) -> Measured:
    """What a model will need here, or why that is not known."""
    try:
        weights, mmproj = _paths(spec, weights_dir)
        return Measured(memory_needed(spec, weights_path=weights, mmproj_path=mmproj))
    except FileNotFoundError as error:
        missing = error.filename
        return Measured(None, f"{missing} is not there; run `llmaas pull {spec.pool}` on it")
    except (OSError, ValueError) as error:
        return Measured(None, str(error))


def _paths(spec: WorkerSpec, weights_dir: Path) -> tuple[Path, Path | None]:
    if spec.weights is None:
        raise OutsideWeightsError(f"{spec.pool} has no weights in the catalogue")
    mmproj = None if spec.mmproj is None else weights_path(spec.mmproj, weights_dir)
    return weights_path(spec.weights, weights_dir), mmproj
