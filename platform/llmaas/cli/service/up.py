"""`llmaas up`: from the catalogue to a running, documented service on this machine."""

from typing import Annotated

import typer

from llmaas.cli.options import (
    CatalogOption,
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
llmaas up                                  everything, on http://127.0.0.1:8080
llmaas up --port 0 --json                  a free port, told in one line of JSON
llmaas up --models granite3.3:8b           only this model
llmaas up --catalog my.yaml --no-docs      another catalogue, without its documentation
llmaas up --state-dir ./state              weights, keys and logs in this directory
LLMAAS_PORT=9000 llmaas up                 every option has a variable
"""


def up(
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    state_directory: StateDirOption = None,
    catalog: CatalogOption = None,
    models: ModelsOption = None,
    docs: Annotated[
        bool,
        typer.Option(
            "--docs/--no-docs", envvar="LLMAAS_DOCS", help="Build and serve the documentation."
        ),
    ] = True,
    memory_budget: MemoryBudgetOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set up, validate, generate and serve everything on this machine.

    The catalogue is validated and compiled, the documentation built, and a local API key made.
    Models are loaded when they are first asked for. What has not been pulled answers from stand-in
    weights, made here: the service is real, the quality of the answers is not.

    It serves until Ctrl-C or SIGTERM and ends every child process. With --json, one line with
    base_url, docs_url, api_key and models is printed on stdout once it is ready.
    """
    from llmaas.cli.service.startup import Request, start_up

    start_up(
        Request(
            state=state_dir(state_directory),
            host=host,
            port=port,
            models=parse_ids(models),
            memory_budget_bytes=memory_budget,
            as_json=as_json,
            database=database,
        ),
        catalog=catalog,
        with_docs=docs,
    )
