"""The whole service around one model, in a process of its own, for measuring it from outside.

Gateway, key, limits, prompt security, ledger, audit trail and a worker: what `llmaas serve` runs,
on the shipped catalogue, with the weights and sizes that are given. Prints one line of JSON with
`url`, `token` and `model`, and serves until its standard input closes.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import uvloop
from benchmarks.null_gateway import MODEL, open_accounts

from llmaas.bundle import Bundle, EngineOptions, read_bundle
from llmaas.gateway import GatewayServer, create_app, listen
from llmaas.reference import reference_directory
from llmaas.workers import ServedModel, Workers

UNREACHED = Decimal(2)
"""A score beyond every score."""


def served(bundle: Bundle, given: argparse.Namespace) -> ServedModel:
    """The model of the catalogue, with other weights."""
    (spec,) = [spec for spec in bundle.workers if spec.pool == MODEL]
    spec = msgspec.structs.replace(
        spec,
        n_ctx=given.n_ctx,
        n_seq_max=given.n_seq,
        n_gpu_layers=given.gpu_layers,
        reasoning=None,
        chat_format=None,
        engine=msgspec.convert(json.loads(given.engine), EngineOptions),
    )
    return ServedModel(spec=spec, weights_path=given.weights, mmproj_path=None, stand_in=False)


async def serve(given: argparse.Namespace, state: Path) -> None:
    """Serve until standard input closes."""
    bundle = read_bundle(reference_directory())
    # One in a thousand random texts reads like an attack: it is judged like any, and answered.
    security = msgspec.structs.replace(
        bundle.security, flag_score=UNREACHED, block_score=UNREACHED, fragment_action="flag"
    )
    bundle = msgspec.structs.replace(bundle, security=security)
    accounts, token = open_accounts(bundle, state)
    deployment = {MODEL: served(bundle, given)}
    workers = Workers(
        deployment,
        memory_budget_bytes=2**40,
        machine_name="bench",
        n_threads=given.threads,
    )
    app = create_app(
        bundle,
        workers=workers.deployed,
        deployment=deployment,
        accounts=accounts,
        docs_dir=None,
        today=lambda: date(2026, 11, 21),
    )
    server = GatewayServer(app, listen("127.0.0.1", 0))
    await workers.start()
    await server.start()
    async with workers.deployed.lease(MODEL):
        print(json.dumps({"url": server.url, "token": token, "model": MODEL}), flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True
    ).start()
    await ended.wait()
    await server.stop()
    await workers.stop()
    accounts.close()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--n-ctx", type=int, required=True)
    parser.add_argument("--n-seq", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--gpu-layers", type=int, default=0)
    parser.add_argument("--engine", default="{}", help="options of the catalogue, as JSON")
    given = parser.parse_args()
    # A flagged prompt is an event of its own; thousands of them are not what is measured.
    logging.getLogger("llmaas.security.audit").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as directory:
        uvloop.run(serve(given, Path(directory)))


if __name__ == "__main__":
    main()
