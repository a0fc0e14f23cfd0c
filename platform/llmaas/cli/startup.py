"""What `up` and `serve` do before the first request: everything that can be refused is, early."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from llmaas.accounts import KeyStore
from llmaas.bundle import Bundle, BundleError, bundle_files, read_bundle
from llmaas.cli.announce import as_json, as_text
from llmaas.cli.deployment import Deployment, deploy
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.failures import defects_logged
from llmaas.cli.keys import open_keys
from llmaas.cli.listener import Listener, take_port
from llmaas.cli.local_key import local_key
from llmaas.cli.logs import log_to
from llmaas.cli.model_ids import only, resolve_ids
from llmaas.cli.runtime import run
from llmaas.cli.service_day import today_of
from llmaas.cli.site import cached_site, docs_available
from llmaas.cli.sources import Source, load_bundle, load_source
from llmaas.cli.state import StateDir, locked, open_state, writing
from llmaas.cli.steps import Steps
from llmaas.gateway import openapi_document
from llmaas.generators import layout_of, write
from llmaas.workers.stand_in import StandIns, make_stand_ins


@dataclass(frozen=True)
class Request:
    """What `up` and `serve` are both asked."""

    state: StateDir
    host: str
    port: int
    models: tuple[str, ...]
    """Serve only these; empty is all."""
    memory_budget_bytes: int | None
    as_json: bool


def start_up(request: Request, *, catalog: Path | None, with_docs: bool) -> None:
    """Everything from the catalogue to a running service; return when it was stopped."""
    state, steps = request.state, Steps()
    with _holding(state, "up"):
        listener = take_port(request.host, request.port)
        source = load_source(catalog)
        bundle = _compiled(source, state, steps)
        deployment = deploy(
            _asked_for(bundle, request),
            weights_dir=state.weights,
            stand_ins=_stand_ins(state, steps),
        )
        site = None
        if with_docs:
            site = _site(source, state, steps, stand_in=bool(deployment.stand_ins))
        keys = open_keys(state)
        with writing(state):
            api_key = local_key(state, keys)
        _serve(request, deployment, listener, keys, steps, site=site, api_key=api_key)


def start_serve(
    request: Request, *, bundle_dir: Path, docs_dir: Path | None, allow_stand_ins: bool
) -> None:
    """A compiled bundle to a running service; return when it was stopped."""
    state, steps = request.state, Steps()
    with _holding(state, "serve"):
        bundle = load_bundle(bundle_dir).bundle
        _require_site(docs_dir)
        listener = take_port(request.host, request.port)
        keys = open_keys(state)
        _require_key(state, keys)
        deployment = deploy(
            _asked_for(bundle, request),
            weights_dir=state.weights,
            stand_ins=_stand_ins(state, steps) if allow_stand_ins else None,
        )
        _serve(request, deployment, listener, keys, steps, site=docs_dir, api_key=None)


@contextmanager
def _holding(state: StateDir, command: str) -> Iterator[None]:
    """The state directory, created and locked; defects are logged in it."""
    # Until the event loop looks after signals, SIGTERM interrupts like Ctrl-C: what a step holds
    # (temporary files, child processes) is cleaned up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    open_state(state)
    with locked(state, command), defects_logged(state.logs):
        yield


def _serve(
    request: Request,
    deployment: Deployment,
    listener: Listener,
    keys: KeyStore,
    steps: Steps,
    *,
    site: Path | None,
    api_key: str | None,
) -> None:
    log_to(request.state.logs)
    service = deployment.service(
        keys=keys, docs_dir=site, memory_budget_bytes=request.memory_budget_bytes
    )

    def ready() -> None:
        started = deployment.started(
            listener, docs=site is not None, api_key=api_key, state=request.state
        )
        print(as_json(started) if request.as_json else as_text(started), flush=True)

    run(service, listener, ready=ready, stopping=lambda: steps.say("Stopping …"))
    steps.say("Stopped.")


def _asked_for(bundle: Bundle, request: Request) -> Bundle:
    if not request.models:
        return bundle
    return only(bundle, resolve_ids(bundle, request.models))


def _compiled(source: Source, state: StateDir, steps: Steps) -> Bundle:
    """The bundle in the state directory, written there and read back verified."""
    with steps.step(f"Compile {source.origin}") as step:
        files = bundle_files(
            source.bundle,
            catalogue_sha256=source.catalogue_sha256,
            documents={"openapi.json": openapi_document(source.bundle)},
        )
        layout = layout_of(state.root / "models_config.yaml", bundle=state.bundle)
        with writing(state):
            changes = write(layout, {layout.in_bundle(name): files[name] for name in files})
        try:
            bundle = read_bundle(state.bundle)
        except BundleError as error:
            raise CommandError(Exit.CANNOT_START, str(error)) from error
        warnings = source.catalog_file.problems if source.catalog_file else ()
        step.done(
            f"{len(bundle.routing)} models"
            + (f", {len(changes)} files changed" if changes else "")
            + (f", {len(warnings)} warnings (llmaas check)" if warnings else "")
        )
    return bundle


def _stand_ins(state: StateDir, steps: Steps) -> StandIns:
    with steps.step("Stand-in weights"), writing(state):
        return make_stand_ins(state.stand_ins)


def _site(source: Source, state: StateDir, steps: Steps, *, stand_in: bool) -> Path | None:
    if source.catalog_file is None:
        steps.say(
            "No documentation: it is built from a catalogue, and there is none here. "
            "`llmaas init` writes a first one.",
            style="yellow",
        )
        return None
    if not docs_available():
        steps.say(
            "No documentation: it needs the docs extra: pip install 'llmaas[docs]'", style="yellow"
        )
        return None
    with steps.step("Documentation") as step, writing(state):
        return cached_site(
            source.catalog_file,
            state.docs,
            catalogue_sha256=source.catalogue_sha256,
            today=today_of(source.bundle.service)(),
            stand_in=stand_in,
            progress=step.progress,
        )


def _require_site(directory: Path | None) -> None:
    if directory is not None and not (directory / "index.html").is_file():
        raise CommandError(
            Exit.USAGE,
            f"--docs {directory}: no index.html, so this is no built site",
            "build one with `llmaas docs build --out DIR`",
        )


def _require_key(state: StateDir, keys: KeyStore) -> None:
    if all(key.revoked_at is not None for key in keys.list()):
        raise CommandError(
            Exit.CANNOT_START,
            f"no API key in {state.keys}: nobody could call this service",
            f"llmaas keys create --name NAME --state-dir {state.root}",
        )
