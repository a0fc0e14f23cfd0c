"""`llmaas pull`: the real weights of a model."""

from typing import Annotated

import typer

from llmaas.bundle import Bundle, WeightsFile
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import (
    HUB,
    CatalogOption,
    EndpointOption,
    StateDirOption,
    TokenOption,
    format_size,
)
from llmaas.cli.sources import load_source
from llmaas.cli.state import open_state, state_dir, writing

EXAMPLES = """
llmaas pull granite3.3:2b                         download; served at the next start
llmaas pull granite3.3:2b granite-embedding:278m  several models
HF_ENDPOINT=https://hub.example llmaas pull …     from a mirror
HF_TOKEN=… llmaas pull …                          for models behind terms of use
"""


def pull(
    models: Annotated[
        list[str],
        typer.Argument(envvar="LLMAAS_PULL", metavar="MODEL…", help="Model ids or aliases."),
    ],
    *,
    catalog: CatalogOption = None,
    state_directory: StateDirOption = None,
    endpoint: EndpointOption = HUB,
    token: TokenOption = None,
) -> None:
    """Download the weights of models from the hub that the catalogue names.

    An interrupted download continues where it stopped. A file gets its name only when it is
    complete and its sha256 is right, so what is there can be served.
    """
    from llmaas.cli.steps import Steps
    from llmaas.workers.hub import PullError
    from llmaas.workers.pull import pull as pull_weights
    from llmaas.workers.pull import split_names

    state = state_dir(state_directory)
    wanted = wanted_files(load_source(catalog).bundle, models)
    open_state(state)
    steps = Steps()
    for weights in wanted:
        title = f"{weights.repository}/{weights.file}"
        try:
            with steps.step(title, unit="bytes") as step, writing(state):
                path = pull_weights(
                    weights, state.weights, endpoint=endpoint, token=token, progress=step.progress
                )
                parts = [path.with_name(name) for name in map(_name, split_names(weights.file))]
                size = format_size(sum(part.stat().st_size for part in parts))
                step.done(size)
        except PullError as error:
            raise CommandError(Exit.NETWORK, str(error)) from error
    print(f"Weights are in {state.weights}; the next `llmaas up` serves them.")


def wanted_files(bundle: Bundle, names: list[str]) -> tuple[WeightsFile, ...]:
    """The weights of these models and the projectors of those that see.

    Raises:
        CommandError: a model is unknown, or the catalogue names no weights for it.
    """
    from llmaas.cli.model_ids import resolve_ids

    pools = {route.model: route.pool for route in bundle.routing}
    specs = {spec.pool: spec for spec in bundle.workers}
    wanted: list[WeightsFile] = []
    for model in resolve_ids(bundle, names):
        spec = specs[pools[model]]
        if spec.weights is None:
            raise CommandError(
                Exit.PROBLEMS,
                f"the catalogue names no weights for {model}",
                "add serving.weights to the model: repository, file and quantisation",
            )
        wanted += filter(None, (spec.weights, spec.mmproj))
    return tuple(dict.fromkeys(wanted))


def _name(file: str) -> str:
    return file.rsplit("/", 1)[-1]
