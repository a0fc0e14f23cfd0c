"""Where a weights file lies on a machine, whether it has been pulled or not."""

from pathlib import Path, PurePosixPath

from llmaas.bundle import WeightsFile


class OutsideWeightsError(ValueError):
    """A file that would lie outside the weights directory."""


def weights_path(weights: WeightsFile, weights_dir: Path) -> Path:
    """`publisher--repository/file` in the weights directory.

    Raises:
        OutsideWeightsError: the names lead out of it.
    """
    parts = PurePosixPath(weights.file).parts
    if weights.repository in {"", ".", ".."} or {"..", "/"} & set(parts):
        raise OutsideWeightsError(
            f"{weights.repository}/{weights.file}: leads out of the weights directory"
        )
    return weights_dir.joinpath(weights.repository.replace("/", "--"), *parts)
