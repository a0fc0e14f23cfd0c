"""`llmaas worker`: this machine runs models for gateways on other machines."""

import json
import ssl
from pathlib import Path
from typing import Annotated

import typer

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import JsonOption, StateDirOption

EXAMPLES = """
llmaas worker --certificate gpu1.pem --key gpu1.key --authority ca.pem
llmaas worker --listen 10.0.0.7:7443 --certificate gpu1.pem --key gpu1.key --authority ca.pem
"""
PORT = 7443


def worker(
    *,
    certificate: Annotated[
        Path,
        typer.Option(envvar="LLMAAS_WORKER_CERTIFICATE", help="Who this machine is (PEM)."),
    ],
    key: Annotated[
        Path, typer.Option(envvar="LLMAAS_WORKER_KEY", help="The certificate's private key (PEM).")
    ],
    authority: Annotated[
        Path,
        typer.Option(
            envvar="LLMAAS_WORKER_AUTHORITY",
            help="Whose certificates are believed (PEM): gateways show one of them.",
        ),
    ],
    listen: Annotated[
        str,
        typer.Option(
            envvar="LLMAAS_WORKER_LISTEN", metavar="HOST:PORT", help="Where gateways connect."
        ),
    ] = f"0.0.0.0:{PORT}",
    state_directory: StateDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a worker process for every gateway that connects, over mutual TLS 1.3.

    A gateway (`llmaas serve --machines`) names models; their weights are those that `llmaas pull`
    has put into this machine's state directory.
    """
    from llmaas.cli.state import state_dir
    from llmaas.workers.remote import listen_forever
    from llmaas.workers.tls import Identity, server_context

    def listening(bound: int) -> None:
        text = f"workers for gateways: {host}:{bound} (mutual TLS 1.3)"
        print(json.dumps({"host": host, "port": bound}) if as_json else text, flush=True)

    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise typer.BadParameter(f"{listen!r} is no HOST:PORT", param_hint="--listen")
    try:
        context = server_context(Identity(certificate, key, authority))
        weights = state_dir(state_directory).weights
        listen_forever(host, int(port), context, weights, listening)
    except (OSError, ssl.SSLError) as error:
        raise CommandError(
            Exit.CANNOT_START,
            f"{listen}: {error}",
            f"check that {certificate}, {key} and {authority} are readable and belong together",
        ) from error
