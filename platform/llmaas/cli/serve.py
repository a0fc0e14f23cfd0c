"""`llmaas serve`: a compiled bundle, on a machine that an operator looks after."""

from pathlib import Path
from typing import Annotated

import typer

from llmaas.cli.options import (
    HostOption,
    JsonOption,
    MemoryBudgetOption,
    ModelsOption,
    PortOption,
    StateDirOption,
    parse_ids,
)
from llmaas.cli.state import state_dir

EXAMPLES = """
llmaas serve --bundle ./bundle
llmaas serve --bundle /etc/llmaas --state-dir /var/lib/llmaas --host 10.0.0.5
llmaas serve --bundle ./bundle --models granite3.3:8b --memory-budget 12GiB
llmaas serve --bundle ./bundle --docs ./site    with the output of `llmaas docs build`
"""


def serve(
    *,
    bundle: Annotated[
        Path,
        typer.Option(
            "--bundle",
            envvar="LLMAAS_BUNDLE",
            metavar="DIR",
            help="The bundle that `llmaas generate` wrote.",
        ),
    ],
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    state_directory: StateDirOption = None,
    models: ModelsOption = None,
    docs_directory: Annotated[
        Path | None,
        typer.Option(
            "--docs",
            envvar="LLMAAS_DOCS_DIR",
            metavar="DIR",
            help="A built documentation site to serve at /docs/.",
        ),
    ] = None,
    allow_stand_ins: Annotated[
        bool,
        typer.Option(
            "--allow-stand-ins",
            envvar="LLMAAS_ALLOW_STAND_INS",
            help="Let stand-in weights answer for models that have not been pulled.",
        ),
    ] = False,
    memory_budget: MemoryBudgetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a compiled bundle. No catalogue is read and nothing is generated.

    Every model that can be called needs its weights (`llmaas pull`), and callers need keys
    (`llmaas keys create`). It serves until Ctrl-C or SIGTERM and ends every child process.
    """
    from llmaas.cli.startup import Request, start_serve

    start_serve(
        Request(
            state=state_dir(state_directory),
            host=host,
            port=port,
            models=parse_ids(models),
            memory_budget_bytes=memory_budget,
            as_json=as_json,
        ),
        bundle_dir=bundle,
        docs_dir=docs_directory,
        allow_stand_ins=allow_stand_ins,
    )
