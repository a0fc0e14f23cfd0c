"""What `up` and `serve` do before the first request: everything that can be refused is, early."""

import signal
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from llmaas.accounts import Accounts
from llmaas.bundle import read_bundle, read_manifest
from llmaas.cli.accounts.opening import clock_ms, open_accounts
from llmaas.cli.docs.site import cached_site, docs_available
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.failures import defects_logged
from llmaas.cli.service.admin_token import admin_token
from llmaas.cli.service.announce import as_json, as_text
from llmaas.cli.service.control import listening
from llmaas.cli.service.deployment import Deployment, deploy
from llmaas.cli.service.elsewhere import NOWHERE, Elsewhere, remote_machines
from llmaas.cli.service.listener import Listener, take_port
from llmaas.cli.service.local_key import local_key
from llmaas.cli.service.logs import log_to
from llmaas.cli.service.preparing import Preparing, asked_for
from llmaas.cli.service.publishing import compiled_files, files_of, publish, put_in_place, store_of
from llmaas.cli.service.reload import Reloader
from llmaas.cli.service.running import Running
from llmaas.cli.service.runtime import run
from llmaas.cli.service.served_audit import relaxed, started
from llmaas.cli.service.who import this_user
from llmaas.cli.service_day import today_of
from llmaas.cli.sources import Source, load_bundle, load_source
from llmaas.cli.state import StateDir, locked, open_state, writing
from llmaas.cli.steps import Steps
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
    database: str | None = None
    """URL of the database of accounts; `None` is the state directory's own."""
    windows: str | None = None
    """URL of the server that several processes share; `None` where this is the only one."""
    elsewhere: Elsewhere = NOWHERE
    """Other machines on which models may run."""


def start_up(request: Request, *, catalog: Path | None, with_docs: bool) -> None:
    """Everything from the catalogue to a running service; return when it was stopped."""
    state, steps = request.state, Steps()
    with _holding(state, "up"):
        listener = take_port(request.host, request.port)
        source = load_source(catalog)
        bundle_id = _compiled(source, state, steps)
        stand_ins = _stand_ins(state, steps)
        deployment = _deployed(request, bundle_id, stand_ins)
        site = None
        if with_docs:
            site = _site(
                source,
                state,
                steps,
                stand_in=bool(deployment.stand_ins),
                api_base_url=listener.api_base_url,
            )
        accounts = open_accounts(state, deployment.bundle.service, request.database)
        with writing(state):
            api_key = local_key(state, accounts)
        preparing = _preparing(
            request,
            stand_ins,
            docs_dir=state.docs if with_docs else None,
            api_base_url=listener.api_base_url,
        )
        first = _First(bundle_id, deployment, preparing, site, api_key, catalog)
        _serve(request, first, listener, accounts, steps)


def start_serve(
    request: Request, *, bundle_dir: Path | None, docs_dir: Path | None, allow_stand_ins: bool
) -> None:
    """A compiled bundle to a running service; return when it was stopped.

    Args:
        request: what is asked.
        bundle_dir: the bundle; `None` is the one that was applied last.
        docs_dir: a built site.
        allow_stand_ins: whether stand-in weights may answer.
    """
    state, steps = request.state, Steps()
    with _holding(state, "serve"):
        bundle_id = _applied(state) if bundle_dir is None else _copied(state, bundle_dir)
        _require_site(docs_dir)
        listener = take_port(request.host, request.port)
        bundle = load_bundle(store_of(state).directory(bundle_id)).bundle
        accounts = open_accounts(state, bundle.service, request.database, windows=request.windows)
        _require_key(state, accounts)
        stand_ins = _stand_ins(state, steps) if allow_stand_ins else None
        deployment = _deployed(request, bundle_id, stand_ins)
        preparing = _preparing(request, stand_ins, docs_dir=None, api_base_url=None)
        first = _First(bundle_id, deployment, preparing, docs_dir, None)
        _serve(request, first, listener, accounts, steps)


@contextmanager
def _holding(state: StateDir, command: str) -> Iterator[None]:
    """The state directory, created and locked; defects are logged in it."""
    # Until the event loop looks after signals, SIGTERM interrupts like Ctrl-C: what a step holds
    # (temporary files, child processes) is cleaned up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    open_state(state)
    with locked(state, command), defects_logged(state.logs):
        yield


@dataclass(frozen=True)
class _First:
    """What is served first, and how other versions follow it."""

    bundle_id: str
    deployment: Deployment
    preparing: Preparing
    site: Path | None
    api_key: str | None
    catalog: Path | None = None
    """The one that was asked for."""


def _serve(
    request: Request, first: _First, listener: Listener, accounts: Accounts, steps: Steps
) -> None:
    store, deployment = first.preparing.store, first.deployment
    log_to(request.state.logs)
    put_in_place(request.state, first.bundle_id, "start", running=True)
    begun = started(first.bundle_id, store.history(), by=this_user(), at_ms=accounts.clock_ms())
    exceptions = relaxed(
        None, deployment.bundle.security, by=this_user(), at_ms=accounts.clock_ms()
    )
    accounts.store.write(lambda transaction: transaction.records.extend((begun, *exceptions)))
    with writing(request.state):
        token = admin_token(request.state)
    service = deployment.service(
        catalogue_sha256=read_manifest(store.directory(first.bundle_id)).catalogue_sha256,
        accounts=accounts,
        docs_dir=first.site,
        memory_budget_bytes=request.memory_budget_bytes,
        admin_token=token,
        windows=request.windows,
        machines=remote_machines(request.elsewhere, deployment.bundle),
    )

    def commands(running: Running) -> AbstractAsyncContextManager[None]:
        return listening(request.state.root, Reloader(running, store, first.preparing))

    def ready() -> None:
        facts = deployment.started(
            listener,
            docs=first.site is not None,
            api_key=first.api_key,
            state=request.state,
            catalog=first.catalog,
        )
        print(as_json(facts) if request.as_json else as_text(facts), flush=True)

    run(
        service,
        listener,
        commands=commands,
        ready=ready,
        stopping=lambda: steps.say("Stopping …"),
    )
    steps.say("Stopped.")


def _deployed(request: Request, bundle_id: str, stand_ins: StandIns | None) -> Deployment:
    bundle = read_bundle(store_of(request.state).directory(bundle_id))
    return deploy(
        asked_for(bundle, request.models),
        weights_dir=request.state.weights,
        stand_ins=stand_ins,
        machines=request.elsewhere.names,
    )


def _preparing(
    request: Request,
    stand_ins: StandIns | None,
    *,
    docs_dir: Path | None,
    api_base_url: str | None,
) -> Preparing:
    state = request.state
    return Preparing(
        store_of(state),
        request.models,
        state.weights,
        stand_ins,
        docs_dir,
        request.elsewhere.names,
        api_base_url,
    )


def _compiled(source: Source, state: StateDir, steps: Steps) -> str:
    """The id of the bundle, published in the store."""
    with steps.step(f"Compile {source.origin}") as step:
        catalog_file = source.catalog_file
        bundle_id = publish(
            state,
            compiled_files(source.bundle, source.catalogue_sha256),
            catalogue=None if catalog_file is None else catalog_file.path.read_bytes(),
        )
        warnings = catalog_file.problems if catalog_file else ()
        step.done(
            f"{len(source.bundle.routing)} models"
            + (", changed since the last start" if _changed(state, bundle_id) else "")
            + (f", {len(warnings)} warnings (llmaas check)" if warnings else "")
        )
    return bundle_id


def _changed(state: StateDir, bundle_id: str) -> bool:
    return store_of(state).current not in {None, bundle_id}


def _copied(state: StateDir, bundle_dir: Path) -> str:
    """The id of a bundle that was generated elsewhere."""
    return publish(state, files_of(bundle_dir), catalogue=None)


def _applied(state: StateDir) -> str:
    current = store_of(state).current
    if current is None:
        raise CommandError(
            Exit.USAGE,
            f"no bundle was applied in {state.root}",
            "name one with --bundle DIR, or apply a catalogue: llmaas apply",
        )
    return current


def _stand_ins(state: StateDir, steps: Steps) -> StandIns:
    with steps.step("Stand-in weights"), writing(state):
        return make_stand_ins(state.stand_ins)


def _site(
    source: Source, state: StateDir, steps: Steps, *, stand_in: bool, api_base_url: str | None
) -> Path | None:
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
            api_base_url=api_base_url,
            progress=step.progress,
        )


def _require_site(directory: Path | None) -> None:
    if directory is not None and not (directory / "index.html").is_file():
        raise CommandError(
            Exit.USAGE,
            f"--docs {directory}: no index.html, so this is no built site",
            "build one with `llmaas docs build --out DIR`",
        )


def _require_key(state: StateDir, accounts: Accounts) -> None:
    if not any(key.valid_at(clock_ms()) for key in accounts.administration.api_keys()):
        accounts.close()
        raise CommandError(
            Exit.CANNOT_START,
            f"no API key in {accounts.store.name}: nobody could call this service",
            f"llmaas keys create --name NAME --state-dir {state.root}",
        )
