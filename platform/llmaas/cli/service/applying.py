"""What `llmaas apply` does: a bundle into the store, then into a running service or its place."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from llmaas.bundle import Bundle, BundleError, read_bundle
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.control import NotRunning, Refused, Serve, Served, Vanished, tell
from llmaas.cli.service.history import Action
from llmaas.cli.service.publishing import compiled_files, files_of, publish, put_in_place, store_of
from llmaas.cli.sources import Source, load_source, require_catalog
from llmaas.cli.state import StateDir, locked
from llmaas.cli.steps import Steps

if TYPE_CHECKING:
    from llmaas.catalog.plan import Plan

_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Applied:
    """How it ended; `served` is `None` where no service was running."""

    bundle: str
    previous: str | None
    served: Served | None


def publish_catalogue(state: StateDir, given: Path | None, steps: Steps) -> tuple[str, Source]:
    """Compile a catalogue into the store.

    Raises:
        CommandError: there is none, it has errors, or it cannot be written.
    """
    path = require_catalog(given)
    with steps.step(f"Compile {path}") as step:
        source = load_source(path)
        bundle_id = publish(
            state,
            compiled_files(source.bundle, source.catalogue_sha256),
            catalogue=path.read_bytes(),
        )
        step.done(bundle_id)
    return bundle_id, source


def publish_directory(state: StateDir, directory: Path) -> str:
    """Copy a bundle that was generated elsewhere into the store.

    Raises:
        CommandError: it is no bundle, altered, or cannot be written.
    """
    return publish(state, files_of(directory), catalogue=None)


def plan_against_current(
    state: StateDir, bundle_id: str, source: Source | None, today: date
) -> "Plan | None":
    """What changes for customers against what is served; `None` where nothing is."""
    from llmaas.catalog import read_catalog
    from llmaas.catalog.plan import plan, plan_trees, tree_of_bundle

    store = store_of(state)
    current = store.current
    before = None if current is None else _readable(store.directory(current))
    if current is None or before is None:
        return None
    after = source.catalog_file.catalog if source and source.catalog_file else None
    if after is not None and store.catalogue(current).is_file():
        catalog = read_catalog(store.catalogue(current)).catalog
        if catalog is not None:
            return plan(catalog, after, today=today)
    bundle = read_bundle(store.directory(bundle_id))
    return plan_trees(tree_of_bundle(before), tree_of_bundle(bundle), today=today)


def _readable(directory: Path) -> Bundle | None:
    """What an earlier version of this program applied may have another schema."""
    try:
        return read_bundle(directory)
    except BundleError:
        return None


def serve(state: StateDir, bundle_id: str, action: Action, steps: Steps) -> Applied:
    """Have the running service take the bundle over; without one, put it in its place.

    Raises:
        CommandError: it was refused, and what was served before still is.
    """
    assert action != "start"
    previous = store_of(state).current
    try:
        answer = tell(state.root, Serve(bundle_id, action), on_step=steps.say)
    except NotRunning:
        with locked(state, f"apply (of {bundle_id})"):
            put_in_place(state, bundle_id, action, running=False)
        return Applied(bundle_id, previous, served=None)
    except Vanished as error:
        raise CommandError(
            Exit.CANNOT_START,
            f"the service ended before it had taken {bundle_id} over ({error})",
            f"its log in {state.logs} says why; its next start serves {store_of(state).current}",
        ) from error
    if isinstance(answer, Refused):
        raise CommandError(
            Exit.PROBLEMS,
            f"{bundle_id} was refused, and {previous} is served as before: {answer.reason}",
            "mend the catalogue and apply it again; `llmaas apply --history` has this attempt",
        )
    _require_stamp(answer)
    return Applied(bundle_id, answer.previous, served=answer)


def _require_stamp(served: Served) -> None:
    """See from outside that answers come from the new version."""
    import httpx

    from llmaas.gateway.version import CATALOGUE, SHORT

    try:
        with httpx.Client(trust_env=False, timeout=_PATIENCE_S) as client:
            stamp = client.get(f"{served.url}/health/live").headers.get(CATALOGUE)
    except httpx.HTTPError as error:
        raise CommandError(
            Exit.NETWORK,
            f"the service took {served.bundle} over, and {served.url} cannot be reached: {error}",
            "is something between this machine and its own address?",
        ) from error
    if stamp != served.catalogue_sha256[:SHORT]:
        raise CommandError(
            Exit.DEFECT,
            f"the service took {served.bundle} over, and {served.url} answers from {stamp}",
            "does another service answer at this address? `GET /admin/v1/bundle` says what it is",
        )
