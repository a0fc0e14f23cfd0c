"""`llmaas serve`: a compiled bundle, on a machine that an operator looks after."""

from pathlib import Path
from typing import Annotated

import typer

from llmaas.cli.options import (
    DatabaseOption,
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
llmaas serve                                    what `llmaas apply` put into place
llmaas serve --bundle ./bundle
llmaas serve --bundle /etc/llmaas --state-dir /var/lib/llmaas --host 10.0.0.5
llmaas serve --bundle ./bundle --models granite3.3:8b --memory-budget 12GiB
llmaas serve --bundle ./bundle --docs ./site    with the output of `llmaas docs build`
llmaas serve --machines ma01=10.0.0.7:7443 --certificate gw.pem --key gw.key --authority ca.pem
"""


def serve(
    *,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle",
            envvar="LLMAAS_BUNDLE",
            metavar="DIR",
            show_default="what was applied last",
            help="A bundle that `llmaas generate` wrote.",
        ),
    ] = None,
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
    database: DatabaseOption = None,
    windows: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_WINDOWS",
            metavar="URL",
            show_default="in this process, which is then the only one",
            help="Valkey or Redis in which several gateways keep limits and prompt histories: "
            "redis://host.",
        ),
    ] = None,
    machines: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_MACHINES",
            metavar="NAME=HOST:PORT,…",
            show_default="models run on this machine",
            help="Machines of the catalogue's fleet on which `llmaas worker` listens; models that "
            "name one in `serving.machines` run there.",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            envvar="LLMAAS_GATEWAY_CERTIFICATE", help="Who this gateway is to machines (PEM)."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(envvar="LLMAAS_GATEWAY_KEY", help="The private key of --certificate (PEM)."),
    ] = None,
    authority: Annotated[
        Path | None,
        typer.Option(
            envvar="LLMAAS_GATEWAY_AUTHORITY",
            help="Whose certificates are believed (PEM): machines show one of them.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a compiled bundle. No catalogue is read and nothing is generated.

    Without --bundle it is what `llmaas apply` put into place. `llmaas apply` and `llmaas apply
    --rollback` change what a running service serves, and no request is lost.

    Every model that can be called needs its weights (`llmaas pull`), and callers need keys
    (`llmaas keys create`). It serves until Ctrl-C or SIGTERM and ends every child process.
    """
    from llmaas.cli.service.elsewhere import elsewhere
    from llmaas.cli.service.startup import Request, start_serve

    start_serve(
        Request(
            state=state_dir(state_directory),
            host=host,
            port=port,
            models=parse_ids(models),
            memory_budget_bytes=memory_budget,
            as_json=as_json,
            database=database,
            windows=windows,
            elsewhere=elsewhere(machines, certificate, key, authority),
        ),
        bundle_dir=bundle,
        docs_dir=docs_directory,
        allow_stand_ins=allow_stand_ins,
    )
